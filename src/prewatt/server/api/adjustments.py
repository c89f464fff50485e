"""Corrections of wrong charges, over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from ...kernel.units import exact_money
from ..sales.giving_back import put_right
from ..web.access import tenancy_of_manager
from .reading import read_money

router = Router()


class NewPuttingRight(Schema):
    """`amount` as text, in the tenant's favour if it is over 0. `adjustment_id`: your own id, so that asking twice is
    one correction.
    """

    amount: str
    adjustment_id: str
    reason: str


@router.post("/tenancies/{pk}/adjustments", response={201: dict[str, Any]})
def put_charges_right(request: HttpRequest, pk: int, given: NewPuttingRight) -> Any:
    """Correct what was charged wrongly for energy. Whatever the amount, the correction waits for a second person."""
    tenancy = tenancy_of_manager(request, pk)
    adjustment = put_right(tenancy, read_money("amount", given.amount), given.adjustment_id, request.user, given.reason)
    return Status(201, {"amount": exact_money(adjustment.amount), "state": adjustment.state})
