"""The accounts and the transfers of a payment's money, and the credit that the meter has for it."""

from __future__ import annotations

from django.db.models import Sum

from ..ledger.books import Kind, account, booked
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.models import Alarm, Meter, alarms_of
from ..vending.unbooked import UNBOOKED
from .models import Merchant, Payment, TakenBack


def clearing(merchant: Merchant) -> Account:
    """Return the ledger account for the money of a merchant account that lies with its provider."""
    return account(merchant.organisation, Kind.CLEARING, f"{merchant.pk}")


def meter_of(payment: Payment) -> Meter | None:
    """Return the meter of a payment's flat, for transfers that touch no tenant's account; None if the flat has no
    meter.
    """
    return Meter.objects.filter(unit=payment.tenancy.unit_id).first()


def held_as(payment: Payment) -> Reference:
    """Return the reference of the transfer that holds a payment's money."""
    return Reference(Of.PAYMENT, payment.pk).and_(Part.HELD)


def held_of(payment: Payment) -> Transfer:
    """Return the transfer that holds a payment's money. The payment must have been held."""
    transfer = booked(held_as(payment))
    assert transfer is not None
    return transfer


def held_left(payment: Payment) -> int:
    """Return how much of a held payment its payer's bank has not taken back, nano."""
    # Money that came back after all is a refund to its payer.
    taken = payment.taken_back.filter(TakenBack.FROM_HELD).aggregate(sum=Sum("amount"))["sum"] or 0
    return held_of(payment).amount - int(taken)


def credit_at_meter(merchant: Merchant, payment_id: str) -> Alarm | None:
    """Return the alarm for credit that a meter has under a payment's name and the books do not have, because the server
    was restored from a copy. None if there is no such credit.
    """
    rows = alarms_of(merchant.organisation).filter(kind=UNBOOKED, key=payment_id)
    return rows.first() if payment_id else None
