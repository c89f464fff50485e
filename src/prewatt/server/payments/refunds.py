"""Money back to who paid it, by the provider it came through."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from ...kernel.units import round_money
from ..billing.currencies import minor_unit, to_minor
from ..ledger.books import Kind, account, book
from ..ledger.models import Transfer
from ..ledger.references import Of, Reference
from ..time import now
from ..vending.giving_back import name_of
from ..vending.models import PayOut, Refund
from ..vending.owed import close_rounding, fall, pay_out
from .merchants import provider_of
from .models import Payment, RefundPart
from .paying import PaymentError, clearing, held_of, meter_of, order_of
from .providers.interface import ProviderError


def refundable_by_provider(refund: Refund) -> int:
    """How much of a refund (nano) can go back by the ways it came. A deposit did not come through a provider."""
    return 0 if refund.why == Refund.Why.DEPOSIT else sum(left for _payment, left in _sources(refund))


def _sources(refund: Refund) -> list[tuple[Payment, int]]:
    found = []
    for payment in Payment.objects.filter(tenancy=refund.tenancy_id, state=Payment.State.PAID).order_by("-paid", "-pk"):
        others = payment.refund_parts.exclude(refund=refund).aggregate(sum=Sum("amount"))["sum"] or 0
        if payment.amount > others:
            found.append((payment, payment.amount - int(others)))
    return found


@transaction.atomic
def _plan(refund: Refund) -> list[RefundPart]:
    locked = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
    if locked.paid is not None:
        raise PaymentError(_("This refund is paid out already."))
    parts = list(locked.parts.select_related("payment__merchant__organisation", "payment__tenancy__unit__property"))
    if parts:
        if sum(part.amount for part in parts if part.sent is None) > locked.left:
            raise PaymentError(_("Some of it was paid out by hand since: pay out the rest by hand, too."))
        return parts
    # A provider moves whole minor units; what is finer is closed when all of it is sent.
    left = (
        locked.left
        // minor_unit(locked.tenancy.unit.property.currency)
        * minor_unit(locked.tenancy.unit.property.currency)
    )
    for payment, most in _sources(locked) if locked.why != Refund.Why.DEPOSIT else ():
        part = min(left, most) // minor_unit(payment.currency) * minor_unit(payment.currency)
        if part:
            RefundPart.objects.create(refund=locked, payment=payment, amount=part)
            left -= part
    if left:
        raise PaymentError(
            _("%(left)s of it did not come through a provider: pay it out by hand.") % {"left": round_money(left)}
        )
    return list(locked.parts.select_related("payment__merchant__organisation", "payment__tenancy__unit__property"))


def send_back(refund: Refund, by: Any) -> Refund:
    """Let the providers send a refund back. Broken off and done again, nothing is sent twice. PaymentError, ProviderError."""
    for part in _plan(refund):
        if not _begin(part):
            continue
        payment = part.payment
        order = order_of(payment)
        try:
            provider_of(payment.merchant).refund(
                order, payment.provider_id, part.number, to_minor(part.amount, payment.currency), refund.reason
            )
        except ProviderError as error:
            RefundPart.objects.filter(pk=part.pk).update(error=str(error)[:200])
            raise
        _sent(part, by)
    return Refund.objects.get(pk=refund.pk)


@transaction.atomic
def _begin(part: RefundPart) -> bool:
    """A part is about to be sent: from now on it is in the air. False if it was sent before."""
    refund = Refund.objects.select_for_update(of=("self",)).get(pk=part.refund_id)
    if refund.paid is not None:
        raise PaymentError(_("This refund is paid out already."))
    return bool(RefundPart.objects.filter(pk=part.pk, sent__isnull=True).update(error=""))


@transaction.atomic
def pay_out_by_hand(
    refund: Refund, by: Any, amount: int | None = None, way: str = "cash", day: date | None = None, number: str = ""
) -> Refund:
    """As `vending.owed.pay_out`. PaymentError while a provider may yet send some of it."""
    parts = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk).parts
    if parts.filter(sent__isnull=True, error="").exists():
        raise PaymentError(_("The provider is sending this refund back: see how that ends first."))
    return pay_out(refund, by, amount, way, day, number)


@transaction.atomic
def _sent(part: RefundPart, by: Any) -> None:
    refund = (
        Refund.objects.select_for_update(of=("self",)).select_related("tenancy__unit__property").get(pk=part.refund_id)
    )
    locked = RefundPart.objects.select_for_update(of=("self",)).get(pk=part.pk)
    if locked.sent is None:
        merchant = part.payment.merchant
        owed = account(merchant.organisation, Kind.REFUNDS)
        of = Reference(Of.REFUND_PART, part.pk)
        book(
            Transfer.Kind.REFUND_PAID,
            owed,
            clearing(merchant),
            part.amount,
            now(),
            of,
            str(part.payment),
            meter_of(part.payment),
        )
        locked.sent, locked.error = now(), ""
        locked.save(update_fields=["sent", "error"])
        fall(refund, part.amount, PayOut.Way.PROVIDER, name_of(by), number=part.number)
        if not refund.parts.filter(sent__isnull=True).exists():
            close_rounding(refund, name_of(by))


def send_held_back(payment: Payment, by: Any) -> Payment:
    """Let the provider send back a payment that could not be credited. PaymentError, ProviderError."""
    payment = Payment.objects.select_related("merchant__organisation", "tenancy__unit__property").get(pk=payment.pk)
    if payment.state != Payment.State.HELD:
        raise PaymentError(_("This payment is not held."))
    held = held_of(payment).amount
    whole = to_minor(held, payment.currency)
    order = replace(order_of(payment), amount=whole)
    reason = payment.reason or _("it could not be credited")
    provider_of(payment.merchant).refund(order, payment.provider_id, f"{payment.payment_id}H", whole, reason)
    with transaction.atomic():
        locked = Payment.objects.select_for_update(of=("self",)).get(pk=payment.pk)
        if locked.state == Payment.State.HELD:
            owed = account(payment.merchant.organisation, Kind.REFUNDS)
            of = Reference(Of.PAYMENT, payment.pk, "back")
            book(
                Transfer.Kind.REFUND_PAID,
                owed,
                clearing(payment.merchant),
                held,
                now(),
                of,
                reason,
                meter_of(payment),
            )
            locked.state = Payment.State.RETURNED
            locked.reason = f"{reason} ({by.get_username()})"[:200]
            locked.save(update_fields=["state", "reason"])
    return locked
