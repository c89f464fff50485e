"""This module books a payment once its provider reports how it stands, whichever way the report comes. The payment is
credited exactly once, in one transaction, or held for a person.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext as _
from django.utils.translation import override

from ...kernel.currencies import minor_unit
from ...kernel.sentences import Money, Sentence, sentence, stored
from ..billing.debt_payments import pay
from ..billing.debts import DebtError
from ..billing.models import DebtPayment
from ..billing.open_debts import came_late
from ..core.languages import ENGLISH
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, book
from ..ledger.models import Transfer
from ..metering.locking import for_update, lock_meters, lock_organisation
from ..metering.models import Meter
from ..sales.found import tenant_of
from ..sales.top_ups import top_up
from ..vending.models import TopUp
from ..vending.refusals import TopUpError
from .books import clearing, credit_at_meter, held_as, held_left, meter_of
from .errors import PaymentError
from .locks import lock_payment
from .models import Merchant, Payment, Unexpected
from .providers import PROVIDERS
from .providers.interface import PaymentReport, State
from .taken_back import hear_of_sum, hear_of_unknown, take_up, waiting_for

log = logging.getLogger("prewatt.payments")


@transaction.atomic
def confirm(merchant: Merchant, report: PaymentReport, seen_by: str) -> Payment | None:
    """Take up a provider's report on a payment of one of its merchant accounts: credit the payment, once, or hold it
    for a person.

    One transaction stores the payment, the ledger's transfer, the credit and the command to the meter. Returns the
    payment; None if this merchant account has no such payment. Raises UnknownCurrency if the report's currency is unknown.
    """
    lock_organisation(merchant.organisation_id)
    # For a refund, some providers name only the transaction that paid.
    key = {"payment_id": report.payment_id} if report.payment_id else {"provider_id": report.provider_id}
    payment = lock_payment(Payment.objects.filter(merchant=merchant, **key))
    if report.state in (State.PAID, State.REFUNDED):
        payment = payment or _recovered(merchant, report)
        if payment is None:
            _of_no_payment(merchant, report, seen_by)
        else:
            _paid(payment, report, seen_by)
    elif report.state == State.CLOSED and payment is not None and payment.state == Payment.State.OPEN:
        payment.state, payment.next_look_at = Payment.State.CLOSED, None
        if report.refusal:
            title = PROVIDERS[merchant.provider].title
            payment.give_reason(sentence("%(who)s refused: %(words)s", who=title, words=report.refusal))
        payment.save(update_fields=["state", "next_look_at", "reason", "reason_parts"])
    return payment


def _of_no_payment(merchant: Merchant, report: PaymentReport, seen_by: str) -> None:
    if report.refunded:
        hear_of_unknown(merchant, report, seen_by)
    elif report.state == State.PAID:
        _unexpected(merchant, None, report, sentence("nobody asked for a payment with this name"))


def _paid(payment: Payment, report: PaymentReport, seen_by: str) -> None:
    """Take up that a payment was paid, and perhaps went back since."""
    if not payment.provider_id:
        _take(payment, report, seen_by)
    elif payment.provider_id != report.provider_id and report.state == State.PAID:
        _unexpected(payment.merchant, payment, report, sentence("paid a second time"))
    if payment.provider_id == report.provider_id:
        take_up(payment)
        if report.refunded and report.currency == payment.currency:
            hear_of_sum(payment, report.refunded * minor_unit(report.currency), now(), seen_by)


def _recovered(merchant: Merchant, report: PaymentReport) -> Payment | None:
    """Return the payment that was asked for here and that a restored server has forgotten; the meter's journal names
    its credit. None if no meter has it.
    """
    unbooked = credit_at_meter(merchant, report.payment_id)
    tenancy = tenant_of(unbooked) if unbooked is not None else None
    if unbooked is None:
        # A person may have booked it already.
        restored = {"tenancy__unit__property__organisation": merchant.organisation_id, "command__is_from_journal": True}
        known_top_up = TopUp.objects.filter(credit_id=report.payment_id, payment__isnull=True, **restored).first()
        tenancy = known_top_up.tenancy if known_top_up is not None else None
    if tenancy is None:
        return None
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    Unexpected.objects.filter(merchant=merchant, provider_id=report.provider_id).update(is_resolved=True)
    return Payment.objects.create(
        payment_id=report.payment_id,
        asked=report.payment_id,
        merchant=merchant,
        tenancy=tenancy,
        amount=report.amount * minor_unit(report.currency),
        currency=report.currency,
        made_at=report.at,
        expires_at=report.at,
    )


def _take(payment: Payment, report: PaymentReport, seen_by: str) -> None:
    other = Payment.objects.filter(merchant=payment.merchant_id, provider_id=report.provider_id).first()
    if other is not None:
        # One transaction must not be credited under two names.
        log.warning("payment %s: transaction %s has paid %s already", payment, report.provider_id, other)
        return
    payment.provider_id, payment.paid_at, payment.confirmed_at = report.provider_id, report.at, now()
    payment.seen_by, payment.next_look_at = seen_by, None
    amount = report.amount * minor_unit(report.currency)
    if report.currency != payment.currency:
        # The books can't hold this currency: the money stays at the provider until a person deals with it.
        text = sentence("paid in %(currency)s", currency=report.currency)
        _unexpected(payment.merchant, payment, report, text)
        payment.state = Payment.State.CLOSED
        payment.give_reason(text)
    elif amount != payment.amount:
        paid = Money(amount, report.currency)
        _hold(payment, amount, sentence("paid %(amount)s, which is not the requested amount", amount=paid))
    elif report.state == State.REFUNDED or _gone_before(payment) >= amount:
        _hold(payment, amount, sentence("it was paid, and the provider reports that all or some of it went back"))
    else:
        try:
            # A reason that keeps the payment from being credited is read in any language later.
            with transaction.atomic(), override(ENGLISH):
                payment.top_up = credit(payment)
            payment.state = Payment.State.PAID
        except TopUpError as error:
            _hold(payment, amount, sentence(str(error)))
    payment.save()


def _gone_before(payment: Payment) -> int:
    """Return how much of a payment was reported as taken back before it was reported as paid, nano."""
    rows = waiting_for(payment)
    named = int(rows.filter(is_sum=False).aggregate(sum=Sum("amount"))["sum"] or 0)
    return max(named, int(rows.filter(is_sum=True).aggregate(most=Max("amount"))["most"] or 0))


def credit(payment: Payment) -> TopUp:
    """Credit a payment to its tenancy. Raises TopUpError if that is not possible."""
    return top_up(
        payment.tenancy,
        payment.amount,
        payment.payment_id,
        payment.by,
        str(payment.merchant),
        source=clearing(payment.merchant),
        paid=payment.paid_at,
    )


def _hold(payment: Payment, amount: int, why: Sentence) -> None:
    """Book money that has arrived and cannot be credited: it is owed back until a person has dealt with it."""
    payment.state = Payment.State.HELD
    payment.give_reason(why)
    organisation = payment.merchant.organisation
    book(
        Transfer.Kind.UNCREDITED,
        clearing(payment.merchant),
        account(organisation, Kind.REFUNDS),
        amount,
        now(),
        held_as(payment),
        why,
        meter_of(payment),
    )


def _unexpected(merchant: Merchant, payment: Payment | None, report: PaymentReport, why: Sentence) -> None:
    if payment is None and Payment.objects.filter(merchant=merchant, provider_id=report.provider_id).exists():
        return
    Unexpected.objects.get_or_create(
        merchant=merchant,
        provider_id=report.provider_id,
        defaults={
            "payment": payment,
            "amount": report.amount * minor_unit(report.currency),
            "currency": report.currency,
            "at": report.at,
            "reason": str(why),
            "reason_parts": stored(why),
        },
    )


@transaction.atomic
def credit_held(payment: Payment, tenancy: Tenancy, by: Any) -> TopUp | DebtPayment:
    """Give held money to a tenancy. If its tenant has moved out, the money pays the debts first, and the rest is owed
    back. Raises PaymentError if the payment is not held, or cannot be credited there.
    """
    lock_organisation(payment.merchant.organisation_id)
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    locked = for_update(Payment.objects).select_related("merchant__organisation").get(pk=payment.pk)
    if locked.state != Payment.State.HELD:
        raise PaymentError(_("This payment does not wait for a decision, or no longer does. Load the page again."))
    if locked.back_asked_at is not None:
        raise PaymentError(
            _(
                "The provider was asked to send this payment back, and may have done it. Send it back again: nothing is sent twice. "
                "If the provider refuses, look for the payment on its own pages."
            )
        )
    held = held_left(locked)
    if tenancy.unit.property.currency != locked.currency:
        raise PaymentError(
            _("That building takes payments in %(currency)s only.") % {"currency": tenancy.unit.property.currency}
        )
    refunds = account(locked.merchant.organisation, Kind.REFUNDS)
    if came_late(tenancy):
        try:
            debt_payment = pay(tenancy, held, locked.payment_id, by, refunds, late=True)
        except DebtError as error:
            raise PaymentError(str(error)) from None
        locked.state = Payment.State.DEBT
        locked.save(update_fields=["state"])
        return debt_payment
    try:
        new_top_up = top_up(tenancy, held, locked.payment_id, by, str(locked.merchant), source=refunds)
    except TopUpError as error:
        raise PaymentError(str(error)) from None
    locked.state, locked.top_up = Payment.State.PAID, new_top_up
    locked.save(update_fields=["state", "top_up"])
    return new_top_up
