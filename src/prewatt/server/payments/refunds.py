"""This module sends money back to its payer, through the provider that it came by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from ...kernel.currencies import minor_unit, to_minor
from ...kernel.sentences import kept_sentence, sentence
from ...kernel.units import SECOND
from ..billing.debt_set_off import set_off
from ..billing.debts import owe
from ..billing.open_debts import debts_of
from ..billing.owed import close_rounding, fall, owe_back, pay_out
from ..core import local_forms
from ..core.people import name_of
from ..core.sealing import SealError
from ..core.time import now
from ..ledger.books import Kind, account, book, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import for_update, lock_organisation
from ..vending.models import PayOut, Refund
from ..vending.second_person import lock_books
from .books import clearing, held_left, held_of, meter_of
from .errors import PaymentError
from .merchants import provider_of
from .models import Payment, RefundPart, TakenBack
from .orders import order_of
from .providers.interface import TIMEOUT, Order, ProviderError, RefundClosedError, RefusedError

PROVIDER = "provider"
"""The name in the books for what the provider did by itself."""
ANSWERED = 2 * TIMEOUT * SECOND
"""After this time (µs) a provider that was asked has answered, or will not answer any more."""


def refundable_by_provider(refund: Refund) -> int:
    """Return how much of a refund can go back through providers, nano. A deposit did not come through a provider."""
    return 0 if refund.why == Refund.Why.DEPOSIT else sum(left for _payment, left in _sources(refund))


def _sources(refund: Refund) -> list[tuple[Payment, int]]:
    sources = []
    for payment in Payment.objects.filter(tenancy=refund.tenancy_id, state=Payment.State.PAID).order_by(
        "-paid_at", "-pk"
    ):
        parts = payment.refund_parts.exclude(refund=refund).filter(has_failed=False)
        others = int(parts.aggregate(sum=Sum("amount"))["sum"] or 0) + taken_of(payment)
        if payment.amount > others:
            sources.append((payment, payment.amount - others))
    return sources


def taken_of(payment: Payment) -> int:
    """Return how much of a payment was taken back and did not come back, nano."""
    rows = payment.taken_back.filter(state__in=TakenBack.BOOKED)
    return int(rows.aggregate(sum=Sum(F("amount") - F("returned")))["sum"] or 0)


@transaction.atomic
def plan(refund: Refund) -> list[RefundPart]:
    """Return the parts in which the providers send a refund, made if there are none yet. Raises PaymentError if it is
    paid out already or must be paid by hand.
    """
    locked = for_update(Refund.objects).get(pk=refund.pk)
    if locked.paid_at is not None:
        raise PaymentError(_("This refund is paid out already."))
    parts = list(locked.parts.select_related("payment__merchant__organisation", "payment__tenancy__unit__property"))
    if parts:
        if sum(part.amount for part in parts if part.sent_at is None) > locked.left:
            raise PaymentError(
                _("Meanwhile a part of this refund was paid out by hand: pay out the rest by hand, too.")
            )
        return parts
    # A provider moves whole minor units; the finer rest is closed when all parts are sent.
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
            _("%(left)s of this refund did not come through a provider: pay it out by hand.")
            % {"left": local_forms.money(left, locked.tenancy.unit.property.currency)}
        )
    return list(locked.parts.select_related("payment__merchant__organisation", "payment__tenancy__unit__property"))


def send_back(refund: Refund, by: Any) -> Refund:
    """Let the providers send a refund. If it stops in the middle, the same call again sends nothing twice. Raises
    PaymentError if the refund is paid out already or must be paid by hand, ProviderError if a provider refuses or
    cannot be reached, SealError if an account's keys cannot be opened.
    """
    for part in plan(refund):
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
        sent(part, by)
    return Refund.objects.get(pk=refund.pk)


@transaction.atomic
def _begin(part: RefundPart) -> bool:
    """Mark a part as being sent now. Returns False if it was sent before. Raises PaymentError if the refund is paid out
    already.
    """
    refund = for_update(Refund.objects).get(pk=part.refund_id)
    if refund.paid_at is not None:
        raise PaymentError(_("This refund is paid out already."))
    return bool(RefundPart.objects.filter(pk=part.pk, sent_at__isnull=True).update(error=""))


@transaction.atomic
def pay_out_by_hand(
    refund: Refund,
    by: Any,
    amount: int | None = None,
    way: str = "cash",
    day: date | None = None,
    number: str = "",
    pay_out_id: str = "",
) -> Refund:
    """Pay out a refund as `billing.owed.pay_out` does. Raises PaymentError while a provider may still
    send some of it.
    """
    lock_books(refund.tenancy.unit.property.organisation)
    parts = for_update(Refund.objects).get(pk=refund.pk).parts
    if parts.filter(sent_at__isnull=True, error="").exists():
        raise PaymentError(_("The provider is still sending this refund. Wait for its result first."))
    return pay_out(refund, by, amount, way, day, number, pay_out_id)


def _lock(part: RefundPart) -> tuple[Refund, RefundPart]:
    """Return the refund of a part and the part, both locked. The organisation is locked too, since a
    debt may follow.
    """
    lock_organisation(part.payment.merchant.organisation_id)
    refund = for_update(Refund.objects).select_related("tenancy__unit__property__organisation").get(pk=part.refund_id)
    return refund, for_update(RefundPart.objects).select_related("payment__merchant").get(pk=part.pk)


@transaction.atomic
def sent(part: RefundPart, by: Any) -> None:
    """Book that the provider accepted a part, so that it is paid out; a repeated call changes nothing. If some of it
    was paid out in another way meanwhile, because the provider had not answered, it was paid twice, and its receiver
    owes it.
    """
    merchant = part.payment.merchant
    refund, locked = _lock(part)
    if locked.sent_at is None:
        reference = Reference(Of.REFUND_PART, part.pk)
        lies, once = clearing(merchant), max(min(part.amount, refund.left), 0)
        if once:
            refunds, text = account(merchant.organisation, Kind.REFUNDS), str(part.payment)
            book(Transfer.Kind.REFUND_PAID, refunds, lies, once, now(), reference, text, meter_of(part.payment))
            fall(refund, once, PayOut.Way.PROVIDER, name_of(by), number=part.number)
        if twice := part.amount - once:
            text, own = sentence("paid out twice: %(why)s", why=refund.reason_as_given), tenant_account(refund.tenancy)
            book(Transfer.Kind.REVERSAL, own, lies, twice, now(), reference.and_(Part.TWICE), text)
            owe(refund.tenancy, twice, reference.and_(Part.DEBT), text, now())
        locked.sent_at, locked.error = now(), ""
        locked.save(update_fields=["sent_at", "error"])
        if not refund.parts.filter(sent_at__isnull=True).exists():
            close_rounding(refund, name_of(by))


@transaction.atomic
def failed(part: RefundPart, why: str) -> None:
    """Book that a part did not arrive: the money lies with the provider and is owed again. A repeated call changes
    nothing. `why`: the provider's reason.
    """
    refund, locked = _lock(part)
    if locked.has_failed:
        return
    sent(locked, PROVIDER)
    lies = clearing(locked.payment.merchant)
    memo = sentence("did not arrive: %(why)s", why=why or refund.reason_as_given)
    of = Reference(Of.REFUND_PART, locked.pk).and_(Part.BACK)
    new_refund = owe_back(refund.tenancy, locked.amount, Refund.Why.FAILED, lies, of, memo, Transfer.Kind.REVERSAL)
    twice = debts_of(refund.tenancy).filter(of=Of.REFUND_PART, number=locked.pk).first()
    if twice is not None:
        set_off(twice, new_refund, PROVIDER)
    RefundPart.objects.filter(pk=part.pk).update(has_failed=True, error=memo[:200])


def held_number(payment: Payment) -> str:
    """Return the name at the provider for the refund of a held payment."""
    return f"{payment.payment_id}H"


def send_held_back(payment: Payment, by: Any) -> Payment:
    """Let the provider send back a payment that could not be credited. From then on it can't be credited, unless the provider
    refuses: without an answer nobody knows whether the money goes back, and a later call that is not accepted asks for it. If
    it stops in the middle, the same call again sends nothing twice. Raises PaymentError if the payment is not held, or is
    being sent back just now, ProviderError if the provider refuses or cannot be reached, SealError if the account's keys
    cannot be opened.
    """
    begun = _begin_held(payment)
    payment = Payment.objects.select_related("merchant__organisation", "tenancy__unit__property").get(pk=payment.pk)
    held = held_left(payment)
    whole = to_minor(held, payment.currency)
    order = replace(order_of(payment), amount=to_minor(held_of(payment).amount, payment.currency))
    reason = payment.reason or _("it could not be credited")
    try:
        provider_of(payment.merchant).refund(order, payment.provider_id, held_number(payment), whole, reason)
    except (ProviderError, SealError) as error:
        # Refused after an earlier try without an answer, it may have been done by that one.
        is_sent = None if begun or isinstance(error, SealError | RefundClosedError) else _is_sent(payment, order)
        if is_sent:
            return held_sent(payment, by.get_username())
        is_certain = isinstance(error, RefusedError | SealError)
        if (is_certain and (begun or is_sent is False)) or isinstance(error, RefundClosedError):
            Payment.objects.filter(pk=payment.pk).update(back_asked_at=None)
        raise
    return held_sent(payment, by.get_username())


def _is_sent(payment: Payment, order: Order) -> bool | None:
    """Return whether the provider sends a held payment back; None if it can't be asked, or does not say."""
    try:
        return provider_of(payment.merchant).has_refund(order, payment.provider_id, held_number(payment))
    except (ProviderError, SealError):
        return None


@transaction.atomic
def _begin_held(payment: Payment) -> bool:
    """Mark a held payment as being sent back. Returns False if it was marked before. Raises PaymentError if it is not held, or
    somebody may still wait for the provider's answer: of two who ask at once, one's refusal would free what the other sends.
    """
    locked = for_update(Payment.objects).get(pk=payment.pk)
    if locked.state != Payment.State.HELD:
        raise PaymentError(_("This payment does not wait for a decision, or no longer does. Load the page again."))
    at, before = now(), locked.back_asked_at
    if before is not None and before <= at < before + ANSWERED:
        raise PaymentError(
            _("The provider is being asked to send this payment back. Wait a minute, and load the page again.")
        )
    locked.back_asked_at = at
    locked.save(update_fields=["back_asked_at"])
    return before is None


@transaction.atomic
def held_sent(payment: Payment, by: str) -> Payment:
    """Book that the provider accepted the refund of a held payment. A repeated call changes nothing. `by`: the name of
    who sent it.
    """
    locked = for_update(Payment.objects).select_related("merchant__organisation").get(pk=payment.pk)
    if locked.state == Payment.State.HELD:
        owed, reason = (
            account(locked.merchant.organisation, Kind.REFUNDS),
            kept_sentence(locked.reason, locked.reason_parts),
        )
        of = Reference(Of.PAYMENT, locked.pk).and_(Part.BACK)
        book(
            Transfer.Kind.REFUND_PAID,
            owed,
            clearing(locked.merchant),
            held_left(locked),
            now(),
            of,
            reason,
            meter_of(locked),
        )
        locked.state = Payment.State.RETURNED
        locked.give_reason(sentence("%(reason)s (%(by)s)", reason=reason, by=by))
        locked.save(update_fields=["state", "reason", "reason_parts"])
    return locked
