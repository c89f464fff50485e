"""Alarms over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from ...kernel.units import exact_instant, exact_money, parse_kwh
from ..metering.alarms import open_alarms, settle
from ..sales.questions import reply
from ..web.access import alarm_of_manager, property_of_manager
from .reading import read_field, read_money

router = Router()


@router.get("/properties/{pk}/alarms")
def alarms(request: HttpRequest, pk: int) -> Any:
    """List the open alarms of a property, which a person must look at."""
    property_ = property_of_manager(request, pk)
    return [
        {
            "id": each.pk,
            "at": exact_instant(each.at),
            "kind": each.kind,
            "meter": each.meter.name if each.meter else None,
            "gateway": each.gateway.name if each.gateway else None,
            "text": each.sentence,
        }
        for each in open_alarms(property_)
    ]


class NewAnswer(Schema):
    """`answer`: nothing, average, energy or money; with the last two, `kwh` or `amount` as text."""

    answer: str
    kwh: str | None = None
    amount: str | None = None


@router.post("/alarms/{pk}/answer")
def answer_alarm(request: HttpRequest, pk: int, given: NewAnswer) -> Any:
    """Say what is charged for a time that was not measured. This settles the alarm."""
    amount = 0
    if given.answer == "energy":
        amount = read_field("kwh", given.kwh, parse_kwh)
    elif given.answer == "money":
        amount = read_money("amount", given.amount)
    adjustments = reply(alarm_of_manager(request, pk), given.answer, amount, request.user)
    return {"adjustments": [{"amount": exact_money(each.amount), "state": each.state} for each in adjustments]}


@router.post("/alarms/{pk}/settle")
def settle_alarm(request: HttpRequest, pk: int) -> Any:
    """Settle an alarm, because somebody has looked at it."""
    user: Any = request.user
    settle(alarm_of_manager(request, pk), user.get_username())
    return {"settled": True}
