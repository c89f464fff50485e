"""The charges of readings by the local day of their use. The books show them on that day, even if they become known
later.

A charge is booked at the last instant that its day's last reading measured (`kernel.span`), so that it lies in the span
of its day and of its tenancy. All readings of one day in one batch, or in a move that was put right, are one sum.
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
from ..estate.occupancy import holder_at
from ..metering.models import Meter
from .books import Charge, revenue
from .models import Account


class DaysCharge(NamedTuple):
    """The amount (nano) that was charged on a local day, and the instant (µs) at which it is booked."""

    day: date
    at: int
    amount: int


def by_day(charged: Iterable[tuple[int, int]], place: ZoneInfo) -> list[DaysCharge]:
    """Return the charge of each local day, the earliest day first. `charged`: the readings, as pairs of (instant,
    nano).
    """
    days: dict[date, DaysCharge] = {}
    for at, amount in charged:
        day = closing_day(at, place)
        before = days.get(day, DaysCharge(day, 0, 0))
        days[day] = DaysCharge(day, max(before.at, closing(at)), before.amount + amount)
    return [days[day] for day in sorted(days)]


def charges_of(meter: Meter, tenancies: Sequence[Tenancy], readings: Iterable[Reading]) -> list[Charge]:
    """Return the charges of a meter's readings: one sum for each tenancy and local day."""
    place = zone(meter.property.zone)
    sums: dict[tuple[int | None, date], tuple[Tenancy | None, Counter[Account.Kind], list[Reading]]] = {}
    for reading in readings:
        tenancy = holder_at(tenancies, reading.at)
        key = (tenancy.pk if tenancy else None, closing_day(reading.at, place))
        _tenancy, parts, rows = sums.setdefault(key, (tenancy, Counter(), []))
        parts.update(revenue(reading))
        rows.append(reading)
    return [
        Charge(meter, tenancy, parts, closing(max(each.at for each in rows)), rows[0].seq, rows[-1].seq)
        for tenancy, parts, rows in sums.values()
    ]
