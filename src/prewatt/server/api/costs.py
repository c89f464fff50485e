"""A shared cost is changed, ended and taken away over the API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import StrictBool

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.units import exact_instant, exact_kwh, exact_money, parse_percent
from ..allocation.costs import end, lock, refuse_booked, remove
from ..allocation.models import BASES, Run, SharedCost
from ..allocation.runs import Preview, in_words, preview, reverse, run
from ..estate.wall_clock import YEARS
from ..web.access import organisations, property_of_manager
from . import costs
from .reading import read_money

router = Router()


class SharedCostChange(Schema):
    """What changes; what is left out stays. `rule_percent`: the whole rule, percentages as text by basis, together 100;
    `since`: the local day from which a cost that is scheduled runs by itself.
    """

    name: str | None = None
    rule_percent: dict[str, str] | None = None
    vacancy: Literal["landlord", "others"] | None = None
    schedule: Literal["none", "daily", "weekly", "monthly"] | None = None
    since: date | None = None


class SharedCostEnd(Schema):
    """The last local day that is divided; null: it goes on."""

    last: date | None


def _cost(request: HttpRequest, pk: int) -> SharedCost:
    found: SharedCost = get_object_or_404(
        SharedCost.objects.select_related("property"), pk=pk, property__organisation__in=organisations(request)
    )
    return found


def document(each: SharedCost) -> dict[str, Any]:
    """A shared cost as the API tells it. `booked`: it can only be ended."""
    place = zone(each.property.zone)
    return {
        "id": each.pk,
        "name": each.name,
        "rule_percent": {name: f"{part:f}" for name, part in each.rule().items()},
        "vacancy": each.vacancy,
        "schedule": each.schedule,
        "since": None if each.since is None else local_day(each.since, place).isoformat(),
        "last": None if each.ends is None else local_day(each.ends - 1, place).isoformat(),
        "booked": each.runs.exists(),
    }


@router.post("/shared-costs/{pk}/change")
def change(request: HttpRequest, pk: int, given: SharedCostChange) -> Any:
    """Change a cost of which nothing was booked; its part, meters and fixed weights on the page."""
    with transaction.atomic():
        held = lock(_cost(request, pk))
        refuse_booked(held)
        for name in ("name", "vacancy", "schedule"):
            if getattr(given, name) is not None:
                setattr(held, name, getattr(given, name))
        if given.rule_percent is not None:
            for basis, percent in _rule(given.rule_percent).items():
                setattr(held, basis, percent)
        if given.since is not None:
            held.since = _midnight(given.since, held)
        held.full_clean()
        held.save()
    return document(held)


def _rule(given: dict[str, str]) -> dict[str, Decimal]:
    """The percentage of each basis, 0 where none is given. ValidationError names the basis."""
    if unknown := sorted(set(given) - set(BASES)):
        known = ", ".join(BASES)
        raise ValidationError(
            {
                "rule_percent": _("%(name)s is not a basis. Known bases: %(known)s.")
                % {"name": unknown[0][:50], "known": known}
            }
        )
    rule = dict.fromkeys(BASES, Decimal(0))
    for basis, text in given.items():
        try:
            rule[basis] = Decimal(parse_percent(text)) / 10_000
        except ValueError as error:
            raise ValidationError({basis: str(error)}) from None
    return rule


def _midnight(day: date, of: SharedCost) -> int:
    if day.year not in YEARS:
        raise ValidationError({"since": _("This is not between the years 1971 and 2199.")})
    return day_bounds(day, zone(of.property.zone))[0]


@router.post("/shared-costs/{pk}/end")
def end_shared_cost(request: HttpRequest, pk: int, given: SharedCostEnd) -> Any:
    """Divide no day after `last`, also of a cost that was booked. What is booked already stays."""
    return document(end(_cost(request, pk), given.last))


@router.post("/shared-costs/{pk}/remove")
def remove_shared_cost(request: HttpRequest, pk: int) -> Any:
    """Take a cost away of which nothing was booked."""
    remove(_cost(request, pk))
    return {"id": pk, "removed": True}


class NewRun(Schema):
    """Local days, inclusive. `bill`: an amount as text, instead of what the meters used. `book`: otherwise it is only
    worked out.
    """

    first: date
    last: date
    bill: str | None = None
    memo: str = ""
    book: StrictBool = False


@router.get("/properties/{pk}/shared-costs")
def shared_costs(request: HttpRequest, pk: int) -> Any:
    """What is shared at a property, by which rule, until when; what was booked can only be ended."""
    return [costs.document(each) for each in property_of_manager(request, pk).shared_costs.select_related("property")]


@router.post("/shared-costs/{pk}/runs")
def run_shared_cost(request: HttpRequest, pk: int, given: NewRun) -> Any:
    """Preview a run, or book it and send its debits."""
    cost = _cost(request, pk)
    bill = None if given.bill is None else read_money("bill", given.bill)
    found = preview(cost, given.first, given.last, bill)
    made = run(cost, given.first, given.last, bill, given.memo, request.user) if given.book else None
    return {"run": made.pk if made else None, **_preview(found)}


def _preview(found: Preview) -> dict[str, Any]:
    return {
        "begins": exact_instant(found.begins),
        "ends": exact_instant(found.ends),
        "kwh": None if found.energy is None else exact_kwh(found.energy),
        "cost": exact_money(found.cost),
        "shares": [
            {
                "unit": part.unit.name,
                "tenant": part.tenancy.tenant if part.tenancy else None,
                "days": part.days,
                "weights": {basis: in_words(basis, part.weights[basis]) for basis in found.shared_cost.rule()},
                "amount": exact_money(part.amount),
            }
            for part in found.parts
        ],
    }


@router.post("/runs/{pk}/reverse")
def reverse_run(request: HttpRequest, pk: int) -> Any:
    """Give a whole run back."""
    made = get_object_or_404(Run, pk=pk, shared_cost__property__organisation__in=organisations(request))
    reverse(made, request.user)
    return {"run": pk, "reversed": True}
