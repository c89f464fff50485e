"""The choice of flats among many. A person marks them in a list that can be searched by name and has pages, or takes all that fit
at once. One list of all flats would be too long for a large landlord.

The fields of the form (`web/layout/_flat_choice.html`): `unit`, the number of each marked flat; `every`, for all that fit
the text `found`; `find`, the next text to look for; `look`, the button that only turns to another page of the list.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ..core.time import now
from ..estate.models import Tenancy, Unit
from .forms import key
from .kept import keep
from .paging import looked_for, page_by_name, plain

UNIT, EVERY, FOUND, FIND, LOOK = "unit", "every", "found", "find", "look"


@dataclass(frozen=True)
class Offer:
    """A flat as the list offers it: who lives there or comes next (None: nobody), and whether it is marked."""

    unit: Unit
    tenancy: Tenancy | None
    is_marked: bool


@dataclass(frozen=True)
class FlatChoice:
    """The list: the flats of its page (`offers`), and the marked ones that are not on it (`elsewhere`). `text`: the search text;
    `is_every`: all flats that fit it are chosen; `several`: the flats are of several properties, whose names are shown.
    """

    offers: list[Offer]
    elsewhere: list[Offer]
    page: Page[Unit]
    text: str
    is_every: bool
    several: bool

    @property
    def is_marked(self) -> bool:
        """Return whether a flat of this page is marked, or all that fit are chosen."""
        return self.is_every or any(each.is_marked for each in self.offers)


def flat_choice(
    request: HttpRequest, rows: QuerySet[Unit], marked: Collection[int], *, several: bool = False
) -> FlatChoice:
    """Return the page of a list of flats that a request asks for. The flats with the numbers `marked` are marked."""
    text, wanted = looked_for(request), set(marked)
    order = ("property__name", "name") if several else ("name",)
    page = page_by_name(request, _called(rows, text).select_related("property"), *order)
    here = {each.pk for each in page}
    others = rows.filter(pk__in=wanted - here).select_related("property").order_by("property", "pk")
    living = _living([*page, *others])
    return FlatChoice(
        [Offer(each, living.get(each.pk), each.pk in wanted) for each in page],
        [Offer(each, living.get(each.pk), True) for each in others],
        page,
        text,
        EVERY in request.GET,
        several,
    )


def _called(rows: QuerySet[Unit], text: str) -> QuerySet[Unit]:
    """Return those of some flats that a text is a part of: of the flat's name, or of who lives there or comes next."""
    if not text:
        return rows
    living = Tenancy.objects.not_over(now()).filter(unit=OuterRef("pk"), tenant__icontains=text)
    return rows.filter(Q(name__icontains=text) | Exists(living))


def _living(units: Collection[Unit]) -> dict[int, Tenancy]:
    tenancies: dict[int, Tenancy] = {}
    for tenancy in Tenancy.objects.not_over(now()).filter(unit__in=list(units)).order_by("begins"):
        tenancies.setdefault(tenancy.unit_id, tenancy)
    return tenancies


def chosen_flats(request: HttpRequest, rows: QuerySet[Unit]) -> list[int]:
    """Return the numbers of the flats that a post chooses: the marked ones as they were sent, or all of `rows` that fit the text."""
    if EVERY in request.POST:
        return list(_called(rows, plain(request.POST.get(FOUND, ""))).values_list("pk", flat=True))
    return [key(each) for each in request.POST.getlist(UNIT)]


def looking_further(request: HttpRequest, page: str, form: str = "") -> HttpResponse | None:
    """Return the redirect back to a page if a post only turns to another page of the list, or searches it by other words; None
    otherwise. What was typed is kept, and marked flats stay marked. `page`: the address of the page.
    """
    given = request.POST
    text, before = plain(given.get(FIND, "")), plain(given.get(FOUND, ""))
    if LOOK not in given and text == before:
        return None
    keep(request, form)
    number = given.get(LOOK, "") if text == before else ""
    query: list[tuple[str, Any]] = [(UNIT, key(each)) for each in given.getlist(UNIT)]
    query += [(name, value) for name, value in (("q", text), ("page", number)) if value]
    return redirect(f"{page}{'&' if '?' in page else '?'}{urlencode(query)}#flats")
