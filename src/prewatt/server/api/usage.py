"""What a flat used, over the API: the very parts of the chart that pages show."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router

from ...kernel.calendar import local_day, zone
from ...kernel.units import exact_instant, exact_kwh, exact_money
from ..accounts.rights import Right
from ..core.time import now
from ..estate.models import Tenancy, Unit
from ..metering.models import Meter
from ..web.access import rights_at, tenancy_to_see, unit_of_manager
from ..web.charts import Chart, Part, Period, State, chart_of
from .reading import read_period, read_year

router = Router()


@router.get("/units/{pk}/usage")
def unit_usage(request: HttpRequest, pk: int, period: str = Period.MONTH, day: date | None = None) -> Any:
    """Return what a unit used, whoever lived there, in the `period` (day, month or year) in which the local `day` lies;
    left out, it is today.
    """
    unit = unit_of_manager(request, pk, "meter")
    return _usage(unit, None, period, day, Right.SEE_MONEY in rights_at(request, unit.property))


@router.get("/tenancies/{pk}/usage")
def tenancy_usage(request: HttpRequest, pk: int, period: str = Period.MONTH, day: date | None = None) -> Any:
    """Return what a tenancy used, as `unit_usage` does, without what was used before it began and after it ended."""
    tenancy, by_manager = tenancy_to_see(request, pk)
    shows_money = not by_manager or Right.SEE_MONEY in rights_at(request, tenancy.unit.property)
    return _usage(tenancy.unit, tenancy, period, day, shows_money)


def _usage(unit: Unit, tenancy: Tenancy | None, period: str, day: date | None, shows_money: bool) -> dict[str, Any]:
    meter: Meter | None = getattr(unit, "meter", None)
    if meter is None:
        raise Http404
    at = now()
    wanted = day or local_day(at, zone(unit.property.zone))
    chart = chart_of(meter, read_period("period", period), read_year("day", wanted), at, tenancy)
    return {
        "unit": unit.pk,
        "tenancy": tenancy.pk if tenancy is not None else None,
        "period": chart.period,
        "first": f"{chart.first}",
        "zone": unit.property.zone,
        "currency": unit.property.currency,
        "is_known": all(each.state in (State.KNOWN, State.AHEAD) for each in chart.parts),
        **_sums(chart, shows_money),
        "parts": [_part(each, shows_money) for each in chart.parts],
    }


def _sums(chart: Chart, shows_money: bool) -> dict[str, Any]:
    """Return the sums of a chart; null if nothing of it is known."""
    return {
        "kwh": exact_kwh(chart.energy) if chart.is_known else None,
        "charge": exact_money(chart.charge) if chart.is_known and shows_money else None,
    }


def _part(part: Part, shows_money: bool) -> dict[str, Any]:
    return {
        "begins": exact_instant(part.span.begins),
        "ends": exact_instant(part.span.ends),
        "state": part.state,
        # What nobody knows is null, and never zero.
        "kwh": exact_kwh(part.energy) if part.is_known else None,
        "charge": exact_money(part.charge) if part.is_known and shows_money else None,
        "rates": [
            {"rate": rate, "kwh": exact_kwh(energy), "charge": exact_money(cost) if shows_money else None}
            for rate, (energy, cost) in (part.rates.items() if part.is_known else ())
        ],
    }
