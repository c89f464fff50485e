"""Shared costs over the API: they are listed, changed, ended, removed, run and reversed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import StrictBool

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.units import exact_instant, exact_kwh, exact_money, parse_percent
from ..allocation.costs import end, lock, refuse_booked, remove
from ..allocation.models import BASES, Run, SharedCost
from ..allocation.runs import Preview, in_words, preview, reverse, run
from ..estate.typed_days import YEARS
from ..web.access import property_of_manager, row_at
from . import costs
from .reading import read_field, read_money

router = Router()


class SharedCostChange(Schema):
    """The values to change; what is left out stays. `rule_percent`: the whole rule, percentages as text by basis, 100
    together. `since`: the local day from which a cost with a schedule runs by itself.
    """

    name: str | None = None
    rule_percent: dict[str, str] | None = None
    vacancy: Literal["landlord", "others"] | None = None
    schedule: Literal["none", "daily", "weekly", "monthly"] | None = None
    since: date | None = None


class SharedCostEnd(Schema):
    """`last`: the last local day that is divided; null if the cost goes on."""

    last: date | None


def _cost(request: HttpRequest, pk: int) -> SharedCost:
    return row_at(request, SharedCost.objects.select_related("property"), "property", pk=pk)


def document(cost: SharedCost) -> dict[str, Any]:
    """Return a shared cost in the form of the API. `booked`: something of it was booked, so it can only be ended."""
    zone_ = zone(cost.property.zone)
    return {
        "id": cost.pk,
        "name": cost.name,
        "rule_percent": {name: f"{part:f}" for name, part in cost.rule().items()},
        "vacancy": cost.vacancy,
        "schedule": cost.schedule,
        "since": None if cost.since is None else local_day(cost.since, zone_).isoformat(),
        "last": None if cost.ends is None else local_day(cost.ends - 1, zone_).isoformat(),
        "booked": cost.runs.exists(),
    }


@router.post("/shared-costs/{pk}/change")
def change(request: HttpRequest, pk: int, given: SharedCostChange) -> Any:
    """Change a cost of which nothing was booked. Its part, meters and fixed weights are changed on the page."""
    with transaction.atomic():
        cost = lock(_cost(request, pk))
        refuse_booked(cost)
        for name in ("name", "vacancy", "schedule"):
            if getattr(given, name) is not None:
                setattr(cost, name, getattr(given, name))
        if given.rule_percent is not None:
            for basis, percent in _rule(given.rule_percent).items():
                setattr(cost, basis, percent)
        if given.since is not None:
            cost.since = _midnight(given.since, cost)
        cost.full_clean()
        cost.save()
    return document(cost)


def _rule(given: dict[str, str]) -> dict[str, Decimal]:
    """Return the percentage of each basis; 0 for a basis that is not given. Raises ValidationError, which names the
    basis.
    """
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
        rule[basis] = Decimal(read_field(basis, text, parse_percent)) / 10_000
    return rule


def _midnight(day: date, of: SharedCost) -> int:
    if day.year not in YEARS:
        raise ValidationError({"since": _("This is not between the years 1971 and 2199.")})
    return day_bounds(day, zone(of.property.zone))[0]


@router.post("/shared-costs/{pk}/end")
def end_shared_cost(request: HttpRequest, pk: int, given: SharedCostEnd) -> Any:
    """End a cost: no day after `last` is divided. This is possible after something was booked; what is booked stays."""
    return document(end(_cost(request, pk), given.last))


@router.post("/shared-costs/{pk}/remove")
def remove_shared_cost(request: HttpRequest, pk: int) -> Any:
    """Remove a cost of which nothing was booked."""
    remove(_cost(request, pk))
    return {"id": pk, "removed": True}


class NewRun(Schema):
    """`first` and `last` are local days, inclusive. `bill`: an amount as text, instead of what the meters used. `book`:
    book the run; otherwise it is only calculated.
    """

    first: date
    last: date
    bill: str | None = None
    memo: str = ""
    book: StrictBool = False


@router.get("/properties/{pk}/shared-costs")
def shared_costs(request: HttpRequest, pk: int) -> Any:
    """List the shared costs of a property, with their rules and ends. A cost of which something was booked can only be
    ended.
    """
    return [costs.document(each) for each in property_of_manager(request, pk).shared_costs.select_related("property")]


@router.post("/shared-costs/{pk}/runs")
def run_shared_cost(request: HttpRequest, pk: int, given: NewRun) -> Any:
    """Preview a run, or book it and send its debits to the meters."""
    cost = _cost(request, pk)
    bill = None if given.bill is None else read_money("bill", given.bill)
    outlook = preview(cost, given.first, given.last, bill, given.memo)
    booked = run(cost, given.first, given.last, bill, given.memo, request.user) if given.book else None
    return {"run": booked.pk if booked else None, **_preview(outlook)}


def _preview(outlook: Preview) -> dict[str, Any]:
    return {
        "begins": exact_instant(outlook.begins),
        "ends": exact_instant(outlook.ends),
        "kwh": None if outlook.energy is None else exact_kwh(outlook.energy),
        "cost": exact_money(outlook.cost),
        "shares": [
            {
                "unit": part.unit.name,
                "tenant": part.tenancy.tenant if part.tenancy else None,
                "days": part.days,
                "weights": {basis: in_words(basis, part.weights[basis]) for basis in outlook.shared_cost.rule()},
                "amount": exact_money(part.amount),
            }
            for part in outlook.parts
        ],
    }


@router.post("/runs/{pk}/reverse")
def reverse_run(request: HttpRequest, pk: int) -> Any:
    """Reverse a whole run: each share is given back."""
    run_ = row_at(request, Run.objects.all(), "shared_cost__property", pk=pk)
    reverse(run_, request.user)
    return {"run": pk, "reversed": True}
