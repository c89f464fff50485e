"""Payments at a payment provider, over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
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
    """`merchant` and `method` as `ways` lists them. `amount` as text. `asked`: your own name for it, so that asking
    twice is one payment. `payer`: who pays, by the provider's id of the person (an openid), for a way that
    `needs_payer`.
    """

    merchant: StrictInt
    method: str
    amount: str
    asked: str
    currency: str = ""
    payer: str = ""


def _payable(request: HttpRequest, pk: int) -> Tenancy:
    """Return a tenancy to its tenant and its manager. Raises Http404 for anybody else."""
    tenancy, _by_manager = tenancy_to_see(request, pk)
    return tenancy


@router.get("/tenancies/{pk}/ways")
def ways_to_pay(request: HttpRequest, pk: int) -> Any:
    """List the ways to pay for a tenancy by phone. `fits`: the browsers in which a way works. `shows`: what the payer
    sees: the link as a QR code (`qr`), the link to follow (`link`), or what a script does with the parameters
    (`script`).
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
    """Ask a provider for a payment. `link` is where the payer goes, or what the QR code holds; `params` is what a page
    in WeChat or a mini program passes to `requestPayment`.
    """
    tenancy = _payable(request, pk)
    merchant = next((each for each in merchants_for(tenancy) if each.pk == given.merchant), None)
    if merchant is None:
        raise ValidationError(
            {"merchant": _("This tenancy can't pay in this way. `ways` lists the ways that it can use.")}
        )
    try:
        payment_ = start(
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
    return Status(201, _payment(payment_))


@router.get("/payments/{payment_id}")
def payment(request: HttpRequest, payment_id: str) -> Any:
    """Return the state of a payment."""
    payment_ = get_object_or_404(
        Payment.objects.select_related("top_up__command__code", "top_up__entry__code"), payment_id=payment_id
    )
    _payable(request, payment_.tenancy_id)
    return _payment(payment_)


def _payment(payment_: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment_.payment_id,
        "asked": payment_.asked,
        "amount": exact_money(payment_.amount),
        "currency": payment_.currency,
        "state": payment_.state,
        "reason": payment_.reason_in_words,
        "expires": exact_instant(payment_.expires_at),
        "link": payment_.link,
        "params": payment_.params,
        "top_up": _top_up(payment_.top_up) if payment_.top_up else None,
    }
