"""What comes of a payment once its provider says how it stands, whichever way that is learned: credited exactly once, in one
transaction, or held for a person.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from ...kernel.currencies import format_money, minor_unit
from ..billing.debts import DebtError, came_late, pay
from ..billing.models import DebtPayment
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
from .providers.interface import State, Told
from .taken_back import hear_of_sum, hear_of_unknown, take_up, waiting_for

log = logging.getLogger("prewatt.payments")


@transaction.atomic
def confirm(merchant: Merchant, told: Told, seen_by: str) -> Payment | None:
    """A provider says how a payment of one of its merchant accounts stands: credit it, once, or hold it for a person.

    What comes of it is one transaction: the payment, the ledger's transfer, the credit, and the command to the meter.
    None if there is no such payment of this merchant account.
    """
    lock_organisation(merchant.organisation_id)
    # Of what went back some providers know only the transaction that had paid it.
    named = {"payment_id": told.payment_id} if told.payment_id else {"provider_id": told.provider_id}
    payment = lock_payment(Payment.objects.filter(merchant=merchant, **named))
    if told.state in (State.PAID, State.REFUNDED):
        payment = payment or _recovered(merchant, told)
        if payment is None:
            _of_no_payment(merchant, told, seen_by)
        else:
            _paid(payment, told, seen_by)
    elif told.state == State.CLOSED and payment is not None and payment.state == Payment.State.OPEN:
        payment.state, payment.next_look_at = Payment.State.CLOSED, None
        payment.save(update_fields=["state", "next_look_at"])
    return payment


def _of_no_payment(merchant: Merchant, told: Told, seen_by: str) -> None:
    if told.gone:
        hear_of_unknown(merchant, told, seen_by)
    elif told.state == State.PAID:
        _unexpected(merchant, None, told, _("no payment of that name was asked for"))


def _paid(payment: Payment, told: Told, seen_by: str) -> None:
    """It was paid, and perhaps has gone back since."""
    if not payment.provider_id:
        _take(payment, told, seen_by)
    elif payment.provider_id != told.provider_id and told.state == State.PAID:
        _unexpected(payment.merchant, payment, told, _("paid a second time"))
    if payment.provider_id == told.provider_id:
        take_up(payment)
        if told.gone and told.currency == payment.currency:
            hear_of_sum(payment, told.gone * minor_unit(told.currency), now(), seen_by)


def _recovered(merchant: Merchant, told: Told) -> Payment | None:
    """The payment that was asked for here, and forgotten with the server's last days, as its credit is at the meter."""
    unbooked = credit_at_meter(merchant, told.payment_id)
    tenancy = tenant_of(unbooked) if unbooked is not None else None
    if unbooked is None:
        # A person may have booked it already.
        where = {"tenancy__unit__property__organisation": merchant.organisation_id, "command__found": True}
        known = TopUp.objects.filter(credit_id=told.payment_id, payment__isnull=True, **where).first()
        tenancy = known.tenancy if known is not None else None
    if tenancy is None:
        return None
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    Unexpected.objects.filter(merchant=merchant, provider_id=told.provider_id).update(is_resolved=True)
    return Payment.objects.create(
        payment_id=told.payment_id, asked=told.payment_id, merchant=merchant, tenancy=tenancy,
        amount=told.amount * minor_unit(told.currency), currency=told.currency, made_at=told.at, expires_at=told.at,
    )  # fmt: skip


def _take(payment: Payment, told: Told, seen_by: str) -> None:
    other = Payment.objects.filter(merchant=payment.merchant_id, provider_id=told.provider_id).first()
    if other is not None:
        # One amount is not credited under two names.
        log.warning("payment %s: transaction %s has paid %s already", payment, told.provider_id, other)
        return
    payment.provider_id, payment.paid_at, payment.confirmed_at = told.provider_id, told.at, now()
    payment.seen_by, payment.next_look_at = seen_by, None
    amount = told.amount * minor_unit(told.currency)
    if told.currency != payment.currency:
        # The books can't hold it: it stays at the provider until a person has seen to it.
        _unexpected(payment.merchant, payment, told, f"paid in {told.currency}")
        payment.state, payment.reason = Payment.State.CLOSED, f"paid in {told.currency}"
    elif amount != payment.amount:
        why = _("paid %(amount)s %(currency)s, which is not what was asked for")
        paid = format_money(amount, told.currency)
        _hold(payment, amount, why % {"amount": paid, "currency": told.currency})
    elif told.state == State.REFUNDED or _gone_before(payment) >= amount:
        _hold(payment, amount, _("it was paid, and the provider says that it went back, wholly or in part"))
    else:
        try:
            with transaction.atomic():
                payment.top_up = credit(payment)
            payment.state = Payment.State.PAID
        except TopUpError as error:
            _hold(payment, amount, str(error))
    payment.save()


def _gone_before(payment: Payment) -> int:
    """What was heard of its being taken back before it was heard that it is paid, nano."""
    rows = waiting_for(payment)
    named = int(rows.filter(is_sum=False).aggregate(sum=Sum("amount"))["sum"] or 0)
    return max(named, int(rows.filter(is_sum=True).aggregate(most=Max("amount"))["most"] or 0))


def credit(payment: Payment) -> TopUp:
    """Credit a payment to its tenancy. TopUpError if that can't be."""
    return top_up(
        payment.tenancy,
        payment.amount,
        payment.payment_id,
        payment.by,
        str(payment.merchant),
        source=clearing(payment.merchant),
        paid=payment.paid_at,
    )


def _hold(payment: Payment, amount: int, why: str) -> None:
    """The money is here and can't be credited: it is owed back, until a person has seen to it."""
    payment.state, payment.reason = Payment.State.HELD, why[:200]
    organisation = payment.merchant.organisation
    book(
        Transfer.Kind.UNCREDITED, clearing(payment.merchant), account(organisation, Kind.REFUNDS), amount, now(),
        held_as(payment), payment.reason, meter_of(payment),
    )  # fmt: skip


def _unexpected(merchant: Merchant, payment: Payment | None, told: Told, why: str) -> None:
    if payment is None and Payment.objects.filter(merchant=merchant, provider_id=told.provider_id).exists():
        return
    Unexpected.objects.get_or_create(
        merchant=merchant,
        provider_id=told.provider_id,
        defaults={
            "payment": payment, "amount": told.amount * minor_unit(told.currency), "currency": told.currency, "at": told.at,
            "reason": why,
        },
    )  # fmt: skip


@transaction.atomic
def credit_held(payment: Payment, tenancy: Tenancy, by: Any) -> TopUp | DebtPayment:
    """A person gives held money to a tenancy; of who has moved out it pays what is owed, and the rest is owed back.
    PaymentError if it isn't held, or can't be credited there.
    """
    lock_organisation(payment.merchant.organisation_id)
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    locked = for_update(Payment.objects).select_related("merchant__organisation").get(pk=payment.pk)
    if locked.state != Payment.State.HELD:
        raise PaymentError(_("This payment is not held."))
    held = held_left(locked)
    if tenancy.unit.property.currency != locked.currency:
        raise PaymentError(_("Payments there are in %(currency)s.") % {"currency": tenancy.unit.property.currency})
    owed = account(locked.merchant.organisation, Kind.REFUNDS)
    if came_late(tenancy):
        try:
            paid = pay(tenancy, held, locked.payment_id, by, owed, late=True)
        except DebtError as error:
            raise PaymentError(str(error)) from None
        locked.state = Payment.State.DEBT
        locked.save(update_fields=["state"])
        return paid
    try:
        made = top_up(tenancy, held, locked.payment_id, by, str(locked.merchant), source=owed)
    except TopUpError as error:
        raise PaymentError(str(error)) from None
    locked.state, locked.top_up = Payment.State.PAID, made
    locked.save(update_fields=["state", "top_up"])
    return made
