"""Credit that is at a meter and not in the books, and its alarms."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ..metering.locking import for_update
from ..metering.models import Alarm, Meter
from .models import Command

UNBOOKED = "unbooked"
"""The kind of the alarm for credit that is at a meter and not in the books."""


def _open(meter: Meter) -> Any:
    return Alarm.objects.filter(meter=meter, kind=UNBOOKED, is_resolved=False)


@transaction.atomic
def carried(meter: Meter, amount: int, reason: str) -> Command | None:
    """Return the command by which an adjustment has reached a meter already, although the books did not know it; None
    if it has not. Commands with the same reason and amount count as the same.
    """
    for alarm in for_update(_open(meter)).filter(data__amount=amount):
        data = alarm.data
        if data["command"] is None or not data["reason"]:
            continue
        if data["reason"] == reason[:200]:
            command: Command | None = Command.objects.filter(
                meter=meter, number=data["command"], is_from_journal=True
            ).first()
            if command is not None:
                Alarm.objects.filter(pk=alarm.pk).update(is_resolved=True)
                return command
    return None
