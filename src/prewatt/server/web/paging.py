"""Lists that grow are shown a page at a time (`web/look/_pages.html`)."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

SIZE = 100
"""The rows of a page."""


def list_page(request: HttpRequest, rows: Any, field: str = "page") -> Page[Any]:
    """Return the page of a list, or of a query in a fixed order, that a request asks for by a field of its address; the first
    if it asks for none, the last if there is none of that number.
    """
    return Paginator(rows, SIZE).get_page(request.GET.get(field))
