"""What is at a meter and not in the books: the alarms that tell of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ..metering.locking import for_update
from ..metering.models import Alarm, Meter
from .models import Command

UNBOOKED = "unbooked"


def _open(meter: Meter) -> Any:
    return Alarm.objects.filter(meter=meter, kind=UNBOOKED, is_resolved=False)


@transaction.atomic
def carried(meter: Meter, amount: int, reason: str) -> Command | None:
    """The command by which an adjustment that is to be carried to a meter is there already, though the books did not know
    of it; None if it is not. It is the same one if its reason and its amount are the same.
    """
    for alarm in for_update(_open(meter)).filter(data__amount=amount):
        data = alarm.data
        if data["command"] is None or not data["reason"]:
            continue
        if data["reason"] == reason[:200]:
            command: Command | None = Command.objects.filter(meter=meter, number=data["command"], found=True).first()
            if command is not None:
                Alarm.objects.filter(pk=alarm.pk).update(is_resolved=True)
                return command
    return None
