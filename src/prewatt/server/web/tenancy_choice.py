"""The choice of a tenancy, by the typed name of the flat or the tenant, or the reference. A list of all tenancies would be too long
for a large landlord.

A form has two fields for it: `<field>-typed`, and `<field>` with the key of a tenancy that was chosen from a few, or is likely
(`web/layout/_tenancy_field.html`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from ...kernel.names import natural
from ..estate.models import Tenancy
from ..payments.matching import reference, referenced
from .forms import key
from .kept import Unclear

MOST = 20
"""The most tenancies that are offered."""
LONGEST = 100
"""The most characters of a search text."""
_LOOKED_AT = 500
"""The most tenancies that are sorted."""


def tenancies_called(rows: QuerySet[Tenancy], text: str, most: int = MOST) -> list[Tenancy]:
    """Return the tenancies of `rows` that a text may mean, at most `most`: those whose reference is in it; else those with the text
    in the name of the flat or the tenant, a flat of just that name first; else those with each of its words in the names of
    flat, tenant or property.
    """
    text = _plain(text)
    if not text:
        return []
    rows = rows.select_related("unit__property")
    named = list(rows.filter(pk__in=referenced(text))[:most])
    if named:
        return named
    # A flat of just that name is found however many others contain it.
    exact = Q(unit__name__iexact=text) | Q(unit__name__iendswith=f" {text}")
    like = Q(unit__name__icontains=text) | Q(tenant__icontains=text)
    first = _in_order(rows.filter(exact), most)
    ordered = [*first, *_in_order(rows.filter(like).exclude(exact), most - len(first))]
    words = text.replace(",", " ").split()
    if ordered or len(words) < 2:
        return ordered
    for word in words[:10]:
        rows = rows.filter(
            Q(unit__name__icontains=word) | Q(tenant__icontains=word) | Q(unit__property__name__icontains=word)
        )
    return _in_order(rows, most)


def _plain(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:LONGEST]


def _in_order(rows: QuerySet[Tenancy], most: int) -> list[Tenancy]:
    if most <= 0:
        return []
    ordered = sorted(
        rows[:_LOOKED_AT],
        key=lambda each: (natural(each.unit.property.name), natural(each.unit.name), each.begins),
    )
    return ordered[:most]


def the_one(tenancies: Sequence[Tenancy], text: str) -> Tenancy | None:
    """Return the first of these tenancies if the text can mean no other: it is the only one, or the only one whose flat has just
    this name, or this number at the end of its name. None otherwise.
    """
    plain = _plain(text).casefold()
    names = [each.unit.name.casefold() for each in tenancies]
    exact = [plain in (name, name.rpartition(" ")[2]) for name in names]
    return tenancies[0] if len(tenancies) == 1 or exact.count(True) == 1 else None


def chosen_tenancy(request: HttpRequest, rows: QuerySet[Tenancy], field: str) -> Tenancy | None:
    """Return the tenancy that a post chooses: by the typed text, or, without one, by the key in the field; None if nothing is
    chosen. Raises Unclear, which names the field, if the text fits no tenancy, or several.
    """
    text = _plain(request.POST.get(f"{field}-typed", ""))
    if not text:
        return rows.filter(pk=key(request.POST.get(field, ""))).first()
    fitting = tenancies_called(rows, text)
    tenancy = the_one(fitting, text)
    if tenancy is not None:
        return tenancy
    if not fitting:
        raise Unclear({field: _("Nobody was found. Type the flat's number, or a part of the name.")}, {field: []})
    raise Unclear(
        {field: _("Several are called “%(text)s”. Choose who it is.") % {"text": text}},
        {field: [(str(each.pk), str(each)) for each in fitting]},
    )


def offered(request: HttpRequest, rows: QuerySet[Tenancy]) -> HttpResponse:
    """Return the HTML of the tenancies that fit the text in a field, for its list. Each has its reference, which makes the
    choice clear.
    """
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    text = request.GET.get(htmx.trigger_name or "q", "")
    fitting = [(each, reference(each)) for each in tenancies_called(rows, text)]
    return render(request, "web/layout/_tenancies.html", {"fitting": fitting})
