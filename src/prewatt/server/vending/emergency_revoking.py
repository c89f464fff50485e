"""Emergency codes are revoked: each becomes worthless when its meter hears of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from ...kernel.entries import EndCode
from ..core.people import name_of
from ..core.time import now
from ..metering.locking import lock_meters
from ..metering.models import Meter
from .credit_log import issue
from .emergency_states import state
from .models import EmergencyCode


@transaction.atomic
def revoke(codes: Iterable[EmergencyCode], by: Any) -> int:
    """Revoke codes; each becomes worthless when its meter hears of it. Used, expired and revoked codes stay as they
    are. Returns the number of codes that are now revoked.
    """
    ordered_codes, count = sorted(codes, key=lambda code: (code.meter_id, code.pk)), 0
    lock_meters(Meter.objects.filter(pk__in=[each.meter_id for each in ordered_codes]))
    for each in ordered_codes:
        row = EmergencyCode.objects.select_related("code", "meter", "ended").get(pk=each.pk)
        if state(row) != "open":
            continue
        row.revoked_at, row.revoked_by, row.ended = now(), name_of(by)[:150], issue(row.meter, end_of_code(row))
        row.save(update_fields=["revoked_at", "revoked_by", "ended"])
        count += 1
    return count


def end_of_code(row: EmergencyCode) -> EndCode:
    """Return the order that ends a code at its meter."""
    assert row.code.tid is not None
    return EndCode(row.code.tid)
