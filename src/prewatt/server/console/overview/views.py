"""The manager's first page: what is to be done now, how the month goes, and how each unit stands; and the plan of a building."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ....kernel.names import natural
from ....kernel.units import MINUTE
from ...accounts.rights import Right
from ...core.time import now
from ...estate.models import Property
from ...metering.models import SILENT_WORKER
from ...overview.keeping import summaries
from ...overview.models import Place, Summary
from ...web.access import properties as allowed
from ...web.access import property_of_manager
from ...web.gate import reach
from ...web.kept_parts import KeptParts
from ...web.live import Watched, live_page, often_with
from ...web.watching import PROPERTIES, state_by
from .line import Seer
from .lines import lines
from .listing import PAGE, Wanted, listing, read
from .months import month_figures
from .plan import plan_of
from .rows import rows_of

AGAIN = 60
"""Seconds after which the page is worked out again, even if no change is known."""
BY_MANY = frozenset({Right.TAKE_MONEY, Right.SWITCH, Right.WRITE, Right.CODES, Right.PRICES, Right.TENANCIES})
"""Who has one of these rights can do something for many units."""
FEW = 6
"""So many properties stand on the page by themselves; more are folded."""

_SEARCHES = KeptParts()


def _is_silent(rows: Collection[Summary]) -> bool:
    """Return whether no head-end has given a sign of life."""
    last = max((each.headend_at for each in rows if each.headend_at), default=None)
    return last is None or (timezone.now() - last).total_seconds() > SILENT_WORKER


@login_required
@require_GET
def properties(request: HttpRequest) -> HttpResponse:
    """Show what is to be done, the figures of the month, and the units of all properties that somebody sees."""
    at, wanted = now(), read(request.GET)
    rows = sorted(summaries(allowed(request).filter(archived_at=None)), key=lambda each: natural(each.name))
    own = reach(request)
    rights = {each.pk: own.at_place(each.pk, each.organisation) for each in rows}
    with_money = {pk for pk, there in rights.items() if Right.SEE_MONEY in there}
    chosen = [each for each in rows if wanted.property in (0, each.pk)]
    all_money = _has_all(chosen, with_money)
    if not all_money:
        wanted = _telling_no_money(wanted)
    silent = _is_silent(rows)
    known = Property.objects.select_related("organisation")
    # Who has one property is at it: the header leads to its pages.
    only = known.get(pk=rows[0].pk) if len(rows) == 1 else None
    context = {
        "silent": silent,
        "wanted": wanted,
        "search": _search(rows, wanted, all_money),
        "several": len(rows) > 1,
        "sees_money": bool(with_money),
        "property": only,
    }

    def worked_out() -> dict[str, Any]:
        buildings = {only.pk: only} if only is not None else known.in_bulk([each.pk for each in rows])
        shown = {each.pk: buildings[each.pk] for each in chosen}
        with_phones = [each for pk, each in shown.items() if Right.TENANCIES in rights[pk]]
        page = listing(list(shown.values()), wanted, chosen, with_phones)
        places = list(page.object_list)
        return {
            "buildings": [(buildings[each.pk], each) for each in rows],
            "are_few": len(rows) <= FEW,
            "landlords": len({each.organisation for each in rows}) > 1,
            "lines": [] if wanted.looked_for else lines(_seer(request, shown.values(), rights), chosen, wanted, at),
            "months": [] if wanted.looked_for else month_figures(shown.values(), with_money, at),
            "tiles": _tiles(chosen, wanted, all_money),
            "page": page,
            "rows": rows_of(places, shown, with_money, at),
            "acts": _acts(places, rights),
        }

    key = (_key(rows, silent, at), wanted, own)
    watched = _watched(chosen, often_with(min(sum(each.units for each in chosen), PAGE)))
    template = "console/overview/_properties.html"
    return live_page(request, "console/overview/properties.html", template, context, watched, (key, worked_out))


def _has_all(chosen: Collection[Summary], with_money: set[int]) -> bool:
    """Return whether there is something to be seen, and the money of all of it may be."""
    return bool(chosen) and with_money.issuperset(each.pk for each in chosen)


def _telling_no_money(wanted: Wanted) -> Wanted:
    """Return what is wanted without what tells of money to somebody who does not see it everywhere."""
    if wanted.order == "balance":
        # The order would tell who has how much.
        wanted = replace(wanted, order="name")
    if wanted.show == "waiting":
        # The choice would tell who has paid.
        wanted = replace(wanted, show="")
    return wanted


def _search(rows: Collection[Summary], wanted: Wanted, all_money: bool) -> str:
    """Return the form that looks for units; empty if there is no building. It is kept as the live part is: it has a line for
    each building.
    """
    buildings = tuple((each.pk, each.name) for each in rows)
    if not buildings:
        return ""
    context = {"buildings": buildings, "wanted": wanted, "orders": _orders(wanted, all_money)}
    key = (buildings, wanted, all_money, get_language())
    return _SEARCHES.part(key, lambda: render_to_string("console/overview/_search.html", context))


def _key(rows: Collection[Summary], silent: bool, at: int) -> Hashable:
    """Return all that a page shows of properties, as a key: what has moved says so, and what only time moves is of a minute."""
    return tuple((each.pk, each.moved_at) for each in rows), silent, at // MINUTE, get_language()


def _watched(rows: Collection[Summary], often: int) -> Watched:
    topic = (PROPERTIES, tuple(each.pk for each in rows))
    return Watched(topic, AGAIN, often, state_by(topic, {each.pk: each.moved_at for each in rows}))


def _seer(request: HttpRequest, shown: Collection[Property], rights: dict[int, frozenset[Right]]) -> Seer:
    whole = {each.organisation_id: reach(request).of(each.organisation) for each in shown}
    return Seer(shown, rights, whole)


def _acts(places: Collection[Place], rights: Mapping[int, frozenset[Right]]) -> str:
    """Return where something is done for all shown units at once; empty if nothing may be done."""
    units = [each.unit_id for each in places if each.unit_id and BY_MANY & rights[each.property_id]]
    query = urlencode({"unit": units}, doseq=True)
    return f"{reverse('console:batch:chosen_anywhere')}?{query}" if units else ""


def _tiles(summaries: Collection[Summary], wanted: Wanted, sees_money: bool) -> list[dict[str, Any]]:
    """Return the tiles that show what there is, and choose it."""
    choices = [
        ("", "units", "", _("all units")),
        ("off", "off", "off", _("without power")),
        ("soon", "soon", "soon", _("less than 3 days left")),
        ("silent", "silent", "silent", _("silent")),
        ("alarms", "alarms", "doubtful", _("with an alarm")),
        *([("waiting", "waiting", "soon", _("payments on their way"))] if sees_money else ()),
        ("vacant", "vacant", "", _("vacant")),
        ("others", "others", "", _("common and main meters")),
    ]
    tiles = []
    for show, field, tone, words in choices:
        number = sum(getattr(each, field) for each in summaries)
        # What is nowhere is no choice; but that nobody is without power is worth to be said.
        if number or show in ("", "off", "soon") or show == wanted.show:
            tiles.append(
                {
                    "number": number,
                    "words": words,
                    "tone": tone if number else "",
                    "link": wanted.link(show=show),
                    "is_chosen": show == wanted.show,
                }
            )
    return tiles


def _orders(wanted: Wanted, sees_money: bool) -> list[tuple[str, str, bool]]:
    words = {
        "name": _("name"),
        "need": _("urgency"),
        "balance": _("balance"),
        "days": _("days left"),
        "read": _("last reading"),
    }
    return [(name, label, name == wanted.order) for name, label in words.items() if sees_money or name != "balance"]


@login_required
@require_GET
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the plan of a property. It tells of no tenants and no money, so that a screen on the wall can show it, too."""
    property_, at = property_of_manager(request, pk), now()
    rows = summaries(Property.objects.filter(pk=pk))
    silent = _is_silent(rows)
    context = {"property": property_, "summary": next(iter(rows), None), "silent": silent, "at": at}
    kept = (_key(rows, silent, at), lambda: {"plan": plan_of(property_, at)})
    watched = _watched(rows, often_with(0))
    return live_page(request, "console/overview/plan.html", "console/overview/_plan.html", context, watched, kept)
