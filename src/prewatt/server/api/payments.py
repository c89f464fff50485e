"""Payments at a provider, over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import StrictInt

from ...kernel.units import exact_instant, exact_money
from ..core.addresses import asker
from ..core.sealing import SealError
from ..estate.models import Tenancy
from ..payments.models import Payment
from ..payments.payment_request import PaymentRequest, start
from ..payments.providers.interface import ProviderError
from ..payments.ways import merchants_for, ways_for
from ..web.access import tenancy_to_see
from .reading import read_money
from .top_ups import _top_up

router = Router()


class NewPayment(Schema):
    """`merchant` and `method` as `ways` lists them; `amount` as text; `asked`: your own name for it, so that asking twice is
    one payment; `payer`: who pays, as the provider names people (an openid), for a way that `needs_payer`.
    """

    merchant: StrictInt
    method: str
    amount: str
    asked: str
    currency: str = ""
    payer: str = ""


def _payable(request: HttpRequest, pk: int) -> Tenancy:
    """A tenancy, for its tenant and its manager."""
    tenancy, _by_manager = tenancy_to_see(request, pk)
    return tenancy


@router.get("/tenancies/{pk}/ways")
def ways_to_pay(request: HttpRequest, pk: int) -> Any:
    """The ways to pay for a tenancy by phone. `fits`: the browsers in which a way works; `shows`: what the payer is shown: the
    link as a QR code (`qr`) or to go to (`link`), or what a script does with the parameters (`script`).
    """
    return [
        {
            "merchant": way.merchant.pk,
            "name": way.merchant.name,
            "provider": way.merchant.provider,
            "method": way.name,
            "title": str(way.method.title),
            "fits": sorted(way.method.fits),
            "shows": way.method.shows,
            "needs_payer": way.method.needs_payer,
        }
        for way in ways_for(_payable(request, pk))
    ]


@router.post("/tenancies/{pk}/payments", response={201: dict[str, Any]})
def ask_for_payment(request: HttpRequest, pk: int, given: NewPayment) -> Any:
    """Ask a provider for a payment: `link` is where the payer goes or what a QR code holds, `params` what a page in WeChat or
    a mini program hands to `requestPayment`.
    """
    tenancy = _payable(request, pk)
    merchant = next((each for each in merchants_for(tenancy) if each.pk == given.merchant), None)
    if merchant is None:
        raise ValidationError({"merchant": "This tenancy can't pay in this way."})
    try:
        made = start(
            PaymentRequest(
                tenancy,
                merchant,
                given.method,
                read_money("amount", given.amount),
                given.asked,
                by=request.user,
                payer=given.payer,
                payer_address=asker(request),
                currency=given.currency,
            )
        )
    except (ProviderError, SealError) as error:
        raise ValidationError({"merchant": str(error)}) from None
    return Status(201, _payment(made))


@router.get("/payments/{payment_id}")
def payment(request: HttpRequest, payment_id: str) -> Any:
    """How far a payment has come."""
    found = get_object_or_404(Payment.objects.select_related("top_up__command__code"), payment_id=payment_id)
    _payable(request, found.tenancy_id)
    return _payment(found)


def _payment(made: Payment) -> dict[str, Any]:
    return {
        "payment_id": made.payment_id,
        "asked": made.asked,
        "amount": exact_money(made.amount),
        "currency": made.currency,
        "state": made.state,
        "reason": made.reason,
        "expires": exact_instant(made.expires_at),
        "link": made.link,
        "params": made.params,
        "top_up": _top_up(made.top_up) if made.top_up else None,
    }
