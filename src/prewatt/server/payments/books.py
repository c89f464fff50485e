"""Where the money of a payment lies in the books, and what the meter has of it."""

from __future__ import annotations

from django.db.models import Sum

from ..ledger.books import Kind, account, booked
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.models import Alarm, Meter, alarms_of
from ..vending.unbooked import UNBOOKED
from .models import Merchant, Payment, TakenBack


def clearing(merchant: Merchant) -> Account:
    """The ledger's account of what lies with a provider."""
    return account(merchant.organisation, Kind.CLEARING, f"{merchant.pk}")


def meter_of(payment: Payment) -> Meter | None:
    """Where a payment belongs, for bookings that touch no tenant's account."""
    return Meter.objects.filter(unit=payment.tenancy.unit_id).first()


def held_as(payment: Payment) -> Reference:
    """The reference of the transfer by which a payment's money is held."""
    return Reference(Of.PAYMENT, payment.pk).and_(Part.HELD)


def held_of(payment: Payment) -> Transfer:
    """The transfer by which a payment's money is held."""
    transfer = booked(held_as(payment))
    assert transfer is not None
    return transfer


def held_left(payment: Payment) -> int:
    """What of a held payment its payer's bank has not taken back, nano."""
    # What came back after all is owed to its payer by name.
    gone = payment.taken_back.filter(TakenBack.FROM_HELD).aggregate(sum=Sum("amount"))["sum"] or 0
    return held_of(payment).amount - int(gone)


def credit_at_meter(merchant: Merchant, payment_id: str) -> Alarm | None:
    """What a meter was credited under a payment's name that is not in the books: the server was put back from a copy."""
    rows = alarms_of(merchant.organisation).filter(kind=UNBOOKED, key=payment_id)
    return rows.first() if payment_id else None
