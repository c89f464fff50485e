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
"""The most characters of a search text."""


def list_page(request: HttpRequest, rows: Any, field: str = "page") -> Page[Any]:
    """Return the page of a list, or of a query in a fixed order, whose number a field of the address names; the first page if it
    names none, and the last page if there is no page with it.
    """
    return Paginator(rows, SIZE).get_page(request.GET.get(field))


def page_by_name(request: HttpRequest, rows: QuerySet[Any], *order: str, field: str = "page") -> Page[Any]:
    """Return the page of a query, sorted by the fields of `order`, with texts in their natural order. Only these fields are read
    of all rows; whole rows are read for this page alone.
    """
    names = rows.order_by().values_list(*order, "pk")
    keys = sorted(names, key=lambda each: [value if isinstance(value, int) else natural(value or "") for value in each])
    page = list_page(request, [each[-1] for each in keys], field)
    shown = {each.pk: each for each in rows.filter(pk__in=list(page.object_list))}
    page.object_list = [shown[pk] for pk in page.object_list if pk in shown]
    return page


def looked_for(request: HttpRequest) -> str:
    """Return the search text of a list: the field `q` of the address, as `plain` returns it."""
    return plain(request.GET.get("q", ""))


def plain(text: str) -> str:
    """Return a search text as it is compared: with single blanks, without null characters, and cut to `LONGEST`."""
    return " ".join(text.replace("\0", "").split())[:LONGEST]


def containing(text: str, fields: Iterable[str]) -> Q:
    """Return the condition that at least one of the fields contains a text. If the text is empty, all rows meet it."""
    condition = Q()
    for name in fields if text else ():
        condition |= Q(**{f"{name}__icontains": text})
    return condition
