"""Payments, locked in their place in the order of `server/locking.py`."""

from __future__ import annotations

from django.db.models import QuerySet

from ..metering.locking import for_update, lock_meters
from ..metering.models import Meter
from .models import Payment


def lock_payment(payments: QuerySet[Payment]) -> Payment | None:
    """The first of these, locked after its tenancy's meter. Who calls has locked the organisation's row: until then a
    payment may move to another flat.
    """
    found = payments.select_related("tenancy").first()
    if found is None:
        return None
    lock_meters(Meter.objects.filter(unit=found.tenancy.unit_id))
    rows = for_update(Payment.objects).select_related("tenancy__unit__property__organisation", "merchant__organisation")
    return rows.get(pk=found.pk)
