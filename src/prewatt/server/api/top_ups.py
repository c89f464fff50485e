"""Top-ups whose money somebody has received already, over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from ...kernel.units import exact_instant, exact_kwh, exact_money
from ..billing.models import DebtPayment
from ..payments.staff import record
from ..vending.models import TopUp
from ..web.access import tenancy_of_manager
from . import owed
from .reading import read_money
from .writing import instant_text

router = Router()


class NewTopUp(Schema):
    """`amount` as text. `credit_id`: your own id, so that asking twice is one payment (1 to 40 characters, not
    beginning with ~). `receipt`: a number. Both are unique in an organisation. `way`: cash or transfer.
    """

    amount: str
    credit_id: str
    receipt: str = ""
    way: str = "cash"


@router.post("/tenancies/{pk}/top-ups", response={201: dict[str, Any]})
def add_top_up(request: HttpRequest, pk: int, given: NewTopUp) -> Any:
    """Record a payment that was received. It is sent to the meter, and has a code that can be typed on site. If the
    tenant has moved out and owes, it pays what is owed.
    """
    tenancy = tenancy_of_manager(request, pk)
    payment = record(
        tenancy, read_money("amount", given.amount), given.credit_id, request.user, given.receipt, given.way
    )
    return Status(201, owed.debt_payment(payment) if isinstance(payment, DebtPayment) else _top_up(payment))


@router.get("/tenancies/{pk}/top-ups")
def top_ups(request: HttpRequest, pk: int) -> Any:
    """List the payments of a tenancy, the latest first, and how each reached the meter."""
    tenancy = tenancy_of_manager(request, pk)
    return [_top_up(each) for each in tenancy.top_ups.select_related("command__code", "entry__code")[:1000]]


def _top_up(top_up: TopUp) -> dict[str, Any]:
    command, code = top_up.command, top_up.code
    values = {
        "credit_id": top_up.credit_id,
        "amount": exact_money(top_up.amount),
        "spread": exact_money(top_up.shared),
        "paid": exact_instant(top_up.paid_at),
        "code": None if code is None else code.digits,
    }
    if command is None:
        # A code alone brings it to a keypad meter, and nobody hears whether it was typed in.
        return values | {
            "state": "credit" if code is None else "coded",
            "way": None,
            "reached": None,
            "kwh": None if code is None else exact_kwh(top_up.entry.energy),
        }
    return values | {
        "state": command.state,
        "way": command.way or None,
        "reached": instant_text(command.reached_at),
    }
