"""Reads from meters' journals what notices need."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ...kernel.calendar import day_bounds
from ...kernel.entries import decode_entry
from ...kernel.switching import SwitchProgress, progress_of
from ...kernel.units import MINUTE
from ..metering.models import JournalEntry, Meter
from .models import Recipient
from .telling import cross
from .unusual import WEEKS, judge, lowest_hour

BACK_AT = 100
"""The most rows that a look goes back over."""
LATE = 2 * MINUTE
"""If no reading shows a confirmed switching within this time, µs, the meter can't show it: else the order would have failed."""


def is_on(meter: Meter, since: int) -> bool:
    """Return whether the power of a meter that was told to switch on `since` µs ago is on: a reading has shown it, or the
    meter has confirmed it and can't show it (`LATE`), or the gateway does not say how far the order is.
    """
    progress = progress_of(meter.told_switch)
    if progress is not None and (meter.told_closed is not True or meter.told_seq < meter.seq):
        return False
    return progress in (None, SwitchProgress.VERIFIED) or (progress == SwitchProgress.CONFIRMED and since > LATE)


def waits_for_button(meter: Meter) -> bool:
    """Return whether the power waits for a press of the meter's button."""
    return bool(meter.told_closed) and progress_of(meter.told_switch) == SwitchProgress.WAITS_FOR_BUTTON


def journal(meter: Meter, seen: int) -> list[Any]:
    """Return the switchings and events of a meter's journal after the entry `seen`, in order."""
    rows = JournalEntry.objects.filter(meter=meter, seq__gt=seen, seq__lte=meter.seq, kind__in=("relay", "event"))
    return [decode_entry(bytes(body)) for body in rows.order_by("seq").values_list("body", flat=True)]


def lowest_hours(meter: Meter, day: date, zone_: ZoneInfo, since: int = 0) -> dict[date, int]:
    """Return the lowest hour (Wh) of a local day and of each of the 28 days before it, as far as they are known. Days
    that began before the instant `since` are left out.
    """
    first = max(day_bounds(day - timedelta(weeks=WEEKS), zone_)[0], since)
    rows = list(
        JournalEntry.objects.filter(meter=meter, at__gt=first, at__lte=day_bounds(day, zone_)[1], energy__isnull=False)
        .order_by("seq")
        .values_list("at", "energy")
    )
    result = {}
    for number in range(7 * WEEKS + 1):
        each = day - timedelta(days=number)
        begin, end = day_bounds(each, zone_)
        lowest = lowest_hour(((at, energy or 0) for at, energy in rows), begin, end) if begin >= since else None
        if lowest is not None:
            result[each] = lowest
    return result


def newly_unusual(recipient: Recipient, meter: Meter, lowest: dict[date, int], day: date) -> tuple[int, int] | None:
    """Return (lowest hour of a day, usual lowest hour), Wh, if the day is unusual and this was not told already for the
    days just before, otherwise None.
    """
    hours = judge(lowest, day)
    number = cross(recipient, f"unusual {meter.pk}", hours is not None, hours is None and day in lowest)
    return hours if number else None
