"""Top-ups that somebody has taken the money for, over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from ...kernel.units import exact_instant, exact_money
from ..billing.models import DebtPayment
from ..payments.staff import record
from ..vending.models import TopUp
from ..web.access import tenancy_of_manager
from . import owed
from .reading import read_money

router = Router()


class NewTopUp(Schema):
    """`amount` as text; `credit_id`: your own, so that asking twice is one payment (1 to 40 characters, the first one no ~);
    `receipt`: a number. Both are taken once in an organisation. `way`: cash or transfer.
    """

    amount: str
    credit_id: str
    receipt: str = ""
    way: str = "cash"


@router.post("/tenancies/{pk}/top-ups", response={201: dict[str, Any]})
def add_top_up(request: HttpRequest, pk: int, given: NewTopUp) -> Any:
    """Record a payment that was received: it is on its way, and has a code that can be typed on site. Of who has moved out,
    and owes, it pays what is owed.
    """
    found = tenancy_of_manager(request, pk)
    made = record(found, read_money("amount", given.amount), given.credit_id, request.user, given.receipt, given.way)
    return Status(201, owed.debt_payment(made) if isinstance(made, DebtPayment) else _top_up(made))


@router.get("/tenancies/{pk}/top-ups")
def top_ups(request: HttpRequest, pk: int) -> Any:
    """The payments of a tenancy, the latest first, and by which way each reached the meter."""
    found = tenancy_of_manager(request, pk)
    return [_top_up(each) for each in found.top_ups.select_related("command__code")[:1000]]


def _top_up(made: TopUp) -> dict[str, Any]:
    command = made.command
    code = getattr(command, "code", None)
    return {
        "credit_id": made.credit_id,
        "amount": exact_money(made.amount),
        "spread": exact_money(made.shared),
        "paid": exact_instant(made.paid_at),
        "code": None if code is None else code.digits,
        "state": command.state,
        "way": command.way or None,
        "reached": None if command.reached_at is None else exact_instant(command.reached_at),
    }
