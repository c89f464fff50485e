"""Exchanges of meters, and journals that are set back to the present, over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import StrictBool

from ...kernel.units import exact_kwh, exact_money
from ..sales.leading_back import lead_back
from ..vending.exchanges import exchange, look
from ..vending.models import MeterExchange
from ..web.access import meter_of_manager
from .writing import instant_text

router = Router()


class NewExchange(Schema):
    """`serial` and `first` are the serial number and the first register (kWh, as text) of the new meter. `last` is the
    last register of the old meter, as text: left out, it is as last read; `unknown` if nobody knows it. `preview`: only
    say what the exchange would do.
    """

    serial: str
    first: str
    last: str = ""
    preview: StrictBool = False


@router.post("/meters/{name}/exchange", response={200: dict[str, Any], 201: dict[str, Any]})
def exchange_meter(request: HttpRequest, name: str, given: NewExchange) -> Any:
    """Record that another meter is connected here. The journal, credit, tariff and history go on."""
    meter = meter_of_manager(request, name=name)
    outlook = look(meter, given.serial, given.first, given.last)
    document = {
        "old": outlook.old,
        "serial": outlook.serial,
        "last_read_kwh": None if outlook.register is None else exact_kwh(outlook.register),
        "last_read": instant_text(outlook.read_at),
        "rest_kwh": exact_kwh(outlook.rest),
        "rest_cost": exact_money(outlook.cost),
        "unknown": outlook.end == MeterExchange.End.UNKNOWN,
        "says": outlook.in_words(),
    }
    if given.preview:
        return Status(200, {**document, "number": None})
    user: Any = request.user
    exchange_ = exchange(meter, given.serial, given.first, given.last, user.get_username())
    return Status(201, {**document, "number": exchange_.command.number})


@router.post("/meters/{name}/lead-back", response={201: dict[str, Any]})
def lead_meter_back(request: HttpRequest, name: str) -> Any:
    """Let a journal that is dated in the future go on from the present. `number` is null if this is ordered already."""
    user: Any = request.user
    command = lead_back(meter_of_manager(request, name=name), user.get_username())
    return Status(201, {"number": None if command is None else command.number})
