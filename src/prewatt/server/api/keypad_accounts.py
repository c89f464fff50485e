"""The account of a flat with a keypad meter, over the API. A payment is recorded and asked for like any other."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import StrictBool

from ...kernel.units import exact_instant, exact_kwh, exact_money, exact_price, parse_kwh
from ..core.time import now
from ..sales.giving_back import give_code_back
from ..sales.keypad_sales import quote, sell_credit
from ..vending.keypad_models import KeypadReading
from ..vending.models import KeypadEntry
from ..vending.typed_readings import take_reading
from ..web.access import keypad_meter_of_manager, tenancy_of_manager, tenancy_to_see
from ..web.keypad import keypad_panel
from .reading import read_field, read_instant

router = Router()


@router.get("/tenancies/{pk}/keypad")
def account(request: HttpRequest, pk: int) -> Any:
    """Return the account of a tenancy with a keypad meter, to its tenant and its manager: what is kept for the next
    code (below zero: owed), the price of the next kWh with fee and tax, and the last codes. `left_kwh`: the most that
    can be left, by the last reading and the codes since then; null if nobody knows.
    """
    tenancy, _manager = tenancy_to_see(request, pk)
    panel = keypad_panel(tenancy, now())
    if panel is None:
        raise Http404
    return {
        "meter": panel.meter.pan,
        "credit": exact_money(panel.credit),
        "price_per_kwh": None if panel.price is None else exact_price(panel.price),
        "left_kwh": None if panel.left is None else exact_kwh(panel.left),
        "last_reading": None if panel.last is None else _reading(panel.last),
        "codes": [
            {
                "number": each.number,
                "at": exact_instant(each.at),
                "code": each.text,
                "kwh": exact_kwh(each.energy),
                "amount": exact_money(each.charge),
                "given_back": each.is_back,
            }
            for each in panel.codes
        ],
    }


@router.get("/tenancies/{pk}/keypad/quote")
def price(request: HttpRequest, pk: int, kwh: str) -> Any:
    """Return what some energy costs a tenancy with a keypad meter now, and the payment that is needed for it."""
    tenancy, _manager = tenancy_to_see(request, pk)
    quoted = quote(tenancy, read_field("kwh", kwh, parse_kwh))
    return {
        "kwh": exact_kwh(quoted.energy),
        "amount": exact_money(quoted.charge),
        "to_pay": exact_money(quoted.to_pay),
    }


@router.post("/tenancies/{pk}/keypad/codes", response={201: dict[str, Any]})
def add_code(request: HttpRequest, pk: int) -> Any:
    """Make a code from the credit that is kept: credit that was given, or for which no code could be made before."""
    entry = sell_credit(tenancy_of_manager(request, pk), request.user)
    assert entry.code is not None
    return Status(
        201,
        {
            "number": entry.number,
            "code": entry.code.digits,
            "kwh": exact_kwh(entry.energy),
            "amount": exact_money(entry.charge),
        },
    )


class NewGiveBack(Schema):
    """Why a code was never typed in."""

    reason: str


@router.post("/tenancies/{pk}/keypad/codes/{number}/give-back", response={201: dict[str, Any]})
def give_back(request: HttpRequest, pk: int, number: int, given: NewGiveBack) -> Any:
    """Propose to give back the cost of a code that was never typed in. A second person must agree."""
    rows = KeypadEntry.objects.select_related("tenancy__unit__property__organisation", "code")
    entry = get_object_or_404(rows, tenancy=tenancy_of_manager(request, pk), number=number)
    adjustment = give_code_back(entry, request.user, given.reason)
    return Status(
        201, {"adjustment": adjustment.pk, "amount": exact_money(adjustment.amount), "state": adjustment.state}
    )


class NewReading(Schema):
    """What the display shows: `kwh` used in all, and `left_kwh` if it shows what is left. `at`: when it was read.
    `sure`: a person has looked again at what seems impossible.
    """

    at: str
    kwh: str
    left_kwh: str | None = None
    sure: StrictBool = False


@router.post("/keypad-meters/{pk}/readings", response={201: dict[str, Any]})
def add_reading(request: HttpRequest, pk: int, given: NewReading) -> Any:
    """Take up a reading that somebody typed. One that can't be true is refused, unless a person is sure; then it is
    kept as doubtful, and nothing counts by it.
    """
    meter = keypad_meter_of_manager(request, pk)
    reading = take_reading(
        meter,
        read_instant("at", given.at),
        read_field("kwh", given.kwh, parse_kwh),
        request.user.get_username(),
        left=None if given.left_kwh is None else read_field("left_kwh", given.left_kwh, parse_kwh),
        sure=given.sure,
    )
    return Status(201, _reading(reading))


def _reading(reading: KeypadReading) -> dict[str, Any]:
    return {
        "at": exact_instant(reading.at),
        "kwh": exact_kwh(reading.register),
        "left_kwh": None if reading.left is None else exact_kwh(reading.left),
        "doubt": reading.doubt,
    }
