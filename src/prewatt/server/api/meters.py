"""Meters over the API: an exchange, a journal that is led back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import StrictBool

from ...kernel.units import exact_instant, exact_kwh, exact_money
from ..sales.leading_back import lead_back
from ..vending.exchanges import exchange, look
from ..vending.models import MeterExchange
from . import codes

router = Router()


class NewExchange(Schema):
    """`serial` and `first` register (kWh, as text) of the new meter. `last`: the old one's, as text; left out: as it was
    read last; or unknown. `preview`: only say what it comes to.
    """

    serial: str
    first: str
    last: str = ""
    preview: StrictBool = False


@router.post("/meters/{name}/exchange", response={200: dict[str, Any], 201: dict[str, Any]})
def exchange_meter(request: HttpRequest, name: str, given: NewExchange) -> Any:
    """Record that another meter hangs here: the journal, credit, tariff and history go on."""
    meter = codes.meter_of_manager(request, name)
    found = look(meter, given.serial, given.first, given.last)
    told = {
        "old": found.old,
        "serial": found.serial,
        "last_read_kwh": None if found.register is None else exact_kwh(found.register),
        "last_read": None if found.read_at is None else exact_instant(found.read_at),
        "rest_kwh": exact_kwh(found.rest),
        "rest_cost": exact_money(found.cost),
        "unknown": found.end == MeterExchange.End.UNKNOWN,
        "says": found.in_words(),
    }
    if given.preview:
        return Status(200, {**told, "number": None})
    user: Any = request.user
    made = exchange(meter, given.serial, given.first, given.last, user.get_username())
    return Status(201, {**told, "number": made.command.number})


@router.post("/meters/{name}/lead-back", response={201: dict[str, Any]})
def lead_meter_back(request: HttpRequest, name: str) -> Any:
    """Let a journal that is dated in the future go on from now."""
    user: Any = request.user
    made = lead_back(codes.meter_of_manager(request, name), user.get_username())
    return Status(201, {"number": None if made is None else made.number})
