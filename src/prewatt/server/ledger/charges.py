"""What readings charged, by the local day on which it was used: so it stands in the books, whenever it became known.

A charge is booked at the last instant of what its day's last reading measured (`kernel.span`), so that it lies in the span of its
day, and of whoever it falls to. What a batch, or a move that was put right, brings for one day is one sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ...kernel.calendar import zone
from ...kernel.entries import Reading
from ...kernel.span import closing, closing_day
from ..estate.models import Tenancy
from ..metering.models import Meter
from .books import Charge, revenue
from .models import Account


class DaysCharge(NamedTuple):
    """`amount` (nano) that was charged on a local day, and the instant (µs) at which it is booked."""

    day: date
    at: int
    amount: int


def by_day(charged: Iterable[tuple[int, int]], where: ZoneInfo) -> list[DaysCharge]:
    """What some readings, given as (instant, nano), charged on each local day; the earliest day first."""
    days: dict[date, DaysCharge] = {}
    for at, amount in charged:
        day = closing_day(at, where)
        before = days.get(day, DaysCharge(day, 0, 0))
        days[day] = DaysCharge(day, max(before.at, closing(at)), before.amount + amount)
    return [days[day] for day in sorted(days)]


def charges_of(meter: Meter, tenancies: Sequence[Tenancy], readings: Iterable[Reading]) -> list[Charge]:
    """What readings of a meter charged, one sum for each tenancy and local day that they fall into."""
    where = zone(meter.property.zone)
    sums: dict[tuple[int | None, date], tuple[Tenancy | None, Counter[Account.Kind], list[Reading]]] = {}
    for reading in readings:
        tenancy = next((each for each in tenancies if each.holds(reading.at)), None)
        key = (tenancy.pk if tenancy else None, closing_day(reading.at, where))
        _tenancy, parts, rows = sums.setdefault(key, (tenancy, Counter(), []))
        parts.update(revenue(reading))
        rows.append(reading)
    return [
        Charge(meter, tenancy, parts, closing(max(each.at for each in rows)), rows[0].seq, rows[-1].seq)
        for tenancy, parts, rows in sums.values()
    ]
