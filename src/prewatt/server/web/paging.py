"""Lists that grow are shown a page at a time (`web/look/_pages.html`); those of flats are looked through by name
(`web/look/_find.html`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ...kernel.names import natural

SIZE = 100
"""The rows of a page."""
LONGEST = 100
"""The most characters that are looked for."""


def list_page(request: HttpRequest, rows: Any, field: str = "page") -> Page[Any]:
    """Return the page of a list, or of a query in a fixed order, that a request asks for by a field of its address; the first
    if it asks for none, the last if there is none of that number.
    """
    return Paginator(rows, SIZE).get_page(request.GET.get(field))


def page_by_name(request: HttpRequest, rows: QuerySet[Any], *order: str, field: str = "page") -> Page[Any]:
    """Return the page of a query in the natural order of a name, the first field of `order`; rows of the same name in that of
    its other fields. Of all rows only these are read, and everything of those that the page shows.
    """
    names = rows.order_by().values_list(*order, "pk")
    keys = sorted(names, key=lambda each: [value if isinstance(value, int) else natural(value or "") for value in each])
    page = list_page(request, [each[-1] for each in keys], field)
    shown = {each.pk: each for each in rows.filter(pk__in=list(page.object_list))}
    page.object_list = [shown[pk] for pk in page.object_list if pk in shown]
    return page


def looked_for(request: HttpRequest) -> str:
    """Return the words by which a list is looked through, the field `q` of the address."""
    return plain(request.GET.get("q", ""))


def plain(text: str) -> str:
    """Return words that are looked for, as they are compared: without signs that no name has, with one blank between."""
    return " ".join(text.replace("\0", "").split())[:LONGEST]


def containing(text: str, fields: Iterable[str]) -> Q:
    """Return the condition that one of some fields contains a text; all rows do if it is empty."""
    condition = Q()
    for name in fields if text else ():
        condition |= Q(**{f"{name}__icontains": text})
    return condition
