"""Properties over the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router

from ...kernel.calendar import day_bounds, zone
from ...kernel.units import exact_instant, exact_kwh
from ..estate.models import Property
from ..metering.balance import BalanceError, balance
from ..web.access import organisations, property_of_manager

router = Router()


@router.get("/properties")
def properties(request: HttpRequest) -> Any:
    """The properties that this login manages."""
    found = Property.objects.filter(organisation__in=organisations(request))
    return [{"id": each.pk, "name": each.name, "zone": each.zone, "currency": each.currency} for each in found]


@router.get("/properties/{pk}/losses")
def building_balance(request: HttpRequest, pk: int, first: date, last: date) -> Any:
    """The main meter beside the sum of all others, by quarter of an hour of local days (31 at most)."""
    where = property_of_manager(request, pk)
    if not 0 <= (last - first).days < 31 or not 1971 <= first.year < 2199:
        raise ValidationError({"last": "From 1 to 31 days can be asked for."})
    place = zone(where.zone)
    try:
        spans = balance(where, day_bounds(first, place)[0], day_bounds(last, place)[1])
    except BalanceError as error:
        raise ValidationError(str(error)) from None
    return [
        {
            "begins": exact_instant(each.begins),
            "ends": exact_instant(each.ends),
            "main_kwh": exact_kwh(each.main),
            "units_kwh": exact_kwh(each.units),
            "common_kwh": exact_kwh(each.common),
            "unaccounted_kwh": exact_kwh(each.unaccounted),
            "unaccounted_percent": None if each.percent is None else str(each.percent),
        }
        for each in spans
    ]
