"""Properties over the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from ...kernel.calendar import day_bounds, zone
from ...kernel.units import exact_instant, exact_kwh
from ..metering.balance import BalanceError, balance
from ..web.access import properties as allowed
from ..web.access import property_of_manager

router = Router()


@router.get("/properties")
def properties(request: HttpRequest) -> Any:
    """List the properties that this login manages."""
    properties_ = allowed(request)
    return [{"id": each.pk, "name": each.name, "zone": each.zone, "currency": each.currency} for each in properties_]


@router.get("/properties/{pk}/losses")
def building_balance(request: HttpRequest, pk: int, first: date, last: date) -> Any:
    """Return the energy losses of a building: what its main meter and all other meters count in each quarter of an
    hour, for up to 31 local days.
    """
    property_ = property_of_manager(request, pk)
    if not 0 <= (last - first).days < 31 or not 1971 <= first.year < 2199:
        raise ValidationError({"last": _("Ask for 1 to 31 days.")})
    zone_ = zone(property_.zone)
    try:
        spans = balance(property_, day_bounds(first, zone_)[0], day_bounds(last, zone_)[1])
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
