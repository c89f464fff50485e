"""Who made the codes that were typed at a meter."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ...kernel.entries import Control, decode_command
from ..metering.models import Meter
from .models import Command, EmergencyCode


def by_code(meter: Meter, most: int = 50) -> dict[int | None, str]:
    """Return who made the last typed codes of a meter, and why, by the codes' identifiers. `most`: the most orders,
    and the most emergency codes.
    """
    authors: dict[int | None, str] = {}
    rows = Command.objects.filter(meter=meter, kind="control", coded_seq__isnull=False).order_by("-coded_seq")
    for command in rows[:most]:
        order = getattr(decode_command(bytes(command.body)), "order", None)
        if isinstance(order, Control):
            authors[command.tid] = f"{order.by}: {order.reason}" if order.reason else order.by
    for each in EmergencyCode.objects.filter(meter=meter, used_seq__isnull=False).select_related("code")[:most]:
        authors[each.code.tid] = f"{each.by}: {_('emergency code')}"
    return authors
