"""What notices take from meters' journals."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ...kernel.calendar import day_bounds
from ...kernel.entries import decode_entry
from ..metering.models import JournalEntry, Meter
from .models import Recipient
from .telling import cross
from .unusual import WEEKS, judge, lowest_hour

BACK_AT = 100
"""Rows that are looked back at."""


def journal(meter: Meter, seen: int) -> list[Any]:
    """The switchings and events of a meter's journal after an entry."""
    rows = JournalEntry.objects.filter(meter=meter, seq__gt=seen, seq__lte=meter.seq, kind__in=("relay", "event"))
    return [decode_entry(bytes(body)) for body in rows.order_by("seq").values_list("body", flat=True)]


def lowest_hours(meter: Meter, day: date, where: ZoneInfo, since: int = 0) -> dict[date, int]:
    """The lowest hour of a local day and of the four weeks before it, of the days that are known."""
    first = max(day_bounds(day - timedelta(weeks=WEEKS), where)[0], since)
    rows = list(
        JournalEntry.objects.filter(meter=meter, at__gt=first, at__lte=day_bounds(day, where)[1], energy__isnull=False)
        .order_by("seq")
        .values_list("at", "energy")
    )
    found = {}
    for number in range(7 * WEEKS + 1):
        each = day - timedelta(days=number)
        begin, end = day_bounds(each, where)
        lowest = lowest_hour(((at, energy or 0) for at, energy in rows), begin, end) if begin >= since else None
        if lowest is not None:
            found[each] = lowest
    return found


def newly_unusual(recipient: Recipient, meter: Meter, lowest: dict[date, int], day: date) -> tuple[int, int] | None:
    """(lowest hour of a day, the usual one) if the day is unusual and the days before it, as far as told, were not."""
    found = judge(lowest, day)
    number = cross(recipient, f"unusual {meter.pk}", found is not None, found is None and day in lowest)
    return found if number else None
