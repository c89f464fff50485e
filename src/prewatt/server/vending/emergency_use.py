"""What a meter's journal shows of emergency codes."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.entries import Command as KernelCommand
from ...kernel.entries import Control, OnSite
from ...kernel.orders import Restore
from ..metering.models import Meter
from .credit_log import issue
from .emergency_revoking import end_of_code
from .models import EmergencyCode


def orders(meters: Iterable[Meter], used: bool = False) -> dict[int, dict[int, KernelCommand]]:
    """Return the orders of the codes of these meters, by the meter's primary key and the code's identifier. `used`:
    also those of used codes.
    """
    rows = EmergencyCode.objects.filter(meter__in=list(meters)).select_related("code", "meter")
    by_meter: dict[int, dict[int, KernelCommand]] = {}
    for each in rows if used else rows.filter(used_seq__isnull=True):
        order = Control(Restore(each.amount), each.by, _("emergency code"), each.code.tid)
        command = KernelCommand(each.meter.name, 1, each.made_at, order)
        by_meter.setdefault(each.meter_id, {})[each.code.tid or 0] = command
    return by_meter


def take_up(meter: Meter, entry: OnSite) -> None:
    """Mark a code as used because the meter's journal shows it, and send the meter the order that ends it."""
    if entry.tid is None:
        return
    _take_up(meter, [entry.tid], entry.seq, entry.at)


def take_up_state(meter: Meter, account: Account) -> None:
    """Mark the codes as used that a meter's account has as typed; it is for an account whose earlier journal entries are lost."""
    _take_up(meter, account.coded, account.seq, account.at)


def _take_up(meter: Meter, tids: Iterable[int], seq: int, at: int) -> None:
    rows = EmergencyCode.objects.filter(meter=meter, code__tid__in=list(tids), used_seq__isnull=True)
    for row in rows.select_related("code", "meter"):
        row.used_seq, row.used_at = seq, at
        if row.ended_id is None:
            row.ended = issue(row.meter, end_of_code(row))
        row.save(update_fields=["used_seq", "used_at", "ended"])
