"""Codes for meters with a keypad of their own, over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema

from ..vending.sold_codes import vend_money, vend_units
from ..web.access import keypad_meter_of_manager
from ..web.access import keypad_meters as meters_of
from .once import once
from .reading import read_money, read_tenths

router = Router()


@router.get("/keypad-meters")
def keypad_meters(request: HttpRequest) -> Any:
    """List the meters of other makers that codes can be sold to."""
    return [
        {"id": each.pk, "name": each.name, "pan": each.pan, "group": str(each.group)}
        for each in meters_of(request).select_related("group")
    ]


class NewCode(Schema):
    """`kwh` or `amount`, as text. `asked`: a name of your own, so that asking twice within ten minutes is one code."""

    kwh: str | None = None
    amount: str | None = None
    note: str = ""
    asked: str = ""


@router.post("/keypad-meters/{pk}/codes", response={201: dict[str, Any]})
def vend(request: HttpRequest, pk: int, given: NewCode) -> Any:
    """Sell a code."""
    meter = keypad_meter_of_manager(request, pk)
    if (given.kwh is None) == (given.amount is None):
        raise ValidationError({"kwh": _("Give either kwh or amount.")})

    def sell() -> dict[str, Any]:
        if given.kwh is not None:
            code = vend_units(meter, read_tenths("kwh", given.kwh), request.user, given.note)
        else:
            code = vend_money(meter, read_money("amount", given.amount), request.user, given.note)
        return {"code": code.digits, "tid": code.tid}

    return once(request, given.asked, given.model_dump_json(), sell)
