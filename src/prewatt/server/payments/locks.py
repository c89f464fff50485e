"""This module locks payments in the order that `metering/locking.py` sets for all locks."""

from __future__ import annotations

from django.db.models import QuerySet

from ..metering.locking import for_update, lock_meters
from ..metering.models import Meter
from .models import Payment


def lock_payment(payments: QuerySet[Payment]) -> Payment | None:
    """Return the first of these payments, locked after its tenancy's meter; None if there is none. The caller must have
    locked the organisation's row before: without it a payment may move to another flat.
    """
    payment = payments.select_related("tenancy").first()
    if payment is None:
        return None
    lock_meters(Meter.objects.filter(unit=payment.tenancy.unit_id))
    rows = for_update(Payment.objects).select_related("tenancy__unit__property__organisation", "merchant__organisation")
    return rows.get(pk=payment.pk)
