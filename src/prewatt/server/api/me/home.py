"""The home of a tenant's flat, what was used there, and emergency credit, over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema

from ....kernel.calendar import local, local_day, zone
from ....kernel.orders import TakeEmergency
from ....kernel.units import exact_kwh, exact_money
from ...automatic.agreeing import has_automatic
from ...core.time import now
from ...estate.typed_days import typed_day
from ...metering.accounts import account_of
from ...vending.controls import take_emergency
from ...web.charts import Chart, Part, Period, chart_of
from ..reading import read_period, read_year
from .figures import home, meter_of
from .own import is_present, own_tenancy, present_tenancy
from .payments import ways

router = Router()
FORMS = {Period.DAY: "%Y-%m-%dT%H:%M", Period.MONTH: "%Y-%m-%d", Period.YEAR: "%Y-%m"}
"""How the beginning of a part is written, on the clock of the building."""


@router.get("/me/tenancies/{pk}")
def tenancy_home(request: HttpRequest, pk: int) -> Any:
    """Return what the home of a flat shows: credit, power and why it is off, use, price, open codes and the ways to
    pay. `has_automatic`: whether it has automatic top-ups, or can have them.
    """
    tenancy = own_tenancy(request, pk)
    return {
        **home(tenancy, now()),
        "ways": [each.document() for each in ways(request, tenancy)],
        "has_automatic": is_present(tenancy) and has_automatic(tenancy),
    }


@router.get("/me/tenancies/{pk}/usage")
def usage(request: HttpRequest, pk: int, by: str = "month", on: str = "") -> Any:
    """Return what was used in the period `by` (day, month or year) of the local day `on` (left out: today), and in the
    period before. `begins` is on the building's clock. `kwh` and `money` are null where nothing is known; `before` is
    null if nothing of it is.
    """
    tenancy = own_tenancy(request, pk)
    at, meter = now(), meter_of(tenancy.unit)
    period = read_period("by", by)
    if meter is None:
        raise Http404
    today = local_day(min(at, tenancy.ends or at), zone(meter.property.zone))
    day = read_year("on", typed_day(on, "on") if on else today)
    chart = chart_of(meter, period, day, at, tenancy)
    has_before = any(each.is_known for each in chart.before)
    return {
        "unit": "kWh",
        "by": by,
        "first": f"{chart.first}",
        "values": [_part(each, chart) for each in chart.parts],
        "before": [_part(each, chart) for each in chart.before] if has_before else None,
    }


def _part(part: Part, chart: Chart) -> dict[str, Any]:
    begins = local(part.span.begins, chart.place).replace(tzinfo=None)
    return {
        "begins": f"{begins:{FORMS[chart.period]}}",
        "state": part.state,
        "kwh": exact_kwh(part.energy) if part.is_known else None,
        "money": exact_money(part.charge) if part.is_known else None,
        "by_rate": [
            {"rate": rate, "kwh": exact_kwh(part.rates[rate][0]), "money": exact_money(part.rates[rate][1])}
            for rate in chart.rates
            if rate in part.rates
        ],
    }


class Emergency(Schema):
    """`asked`: your own name for it, so that asking twice takes it once."""

    asked: str = ""


@router.post("/me/tenancies/{pk}/emergency")
def emergency(request: HttpRequest, pk: int, given: Emergency) -> Any:  # noqa: ARG001
    """Take the emergency credit."""
    meter = meter_of(present_tenancy(request, pk).unit)
    if meter is None:
        raise Http404
    if account_of(meter).objection(now(), TakeEmergency()):
        raise ValidationError(_("There is no emergency credit to be taken now."))
    user: Any = request.user
    take_emergency(meter, user.get_username())
    return {"text": _("The emergency credit is on its way to the meter.")}
