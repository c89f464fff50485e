"""Finds out whether something was left on: the lowest use of any hour of a day is compared with the days before.

A fridge and standby use the same every day; a heater that nobody switched off shows in every hour. So a day is unusual
if its lowest hour is over twice the usual lowest hour, and at least `LEAST` more. The usual value is the median of the
four weeks before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import median_low

from ...kernel.units import HOUR

WEEKS = 4
FEWEST = 7
"""The number of days that must be known before anything is said."""
LEAST = 150
"""W over the usual value. A second router is no news."""
HOURS = 20
"""The number of hours of a day that must have been measured."""


def lowest_hour(readings: Iterable[tuple[int, int]], begin: int, end: int) -> int | None:
    """Return the lowest use of any clock hour between two instants, Wh; None if too few hours were read. `readings` are
    pairs (instant, Wh since the reading before).
    """
    hours: dict[int, int] = {}
    for at, used in readings:
        if begin < at <= end:
            number = (at - begin - 1) // HOUR
            hours[number] = hours.get(number, 0) + used
    # An hour at whose ends nothing was read would seem to use nothing.
    return min(hours.values()) if len(hours) >= HOURS else None


def unusual(lowest: int, before: Sequence[int]) -> int | None:
    """Return the usual lowest hour (Wh) if `lowest` is unusual compared with the days `before`. None if not, or too few are known."""
    if len(before) < FEWEST:
        return None
    usual = median_low(before)
    return usual if lowest > 2 * usual and lowest >= usual + LEAST else None


def judge(lowest: Mapping[date, int], day: date) -> tuple[int, int] | None:
    """Return (lowest hour of `day`, usual lowest hour), Wh. None if the day is not unusual, or too few days are known.
    `lowest`: the lowest hour of each day, Wh.
    """
    if day not in lowest:
        return None
    usual = unusual(lowest[day], [value for other, value in lowest.items() if other < day])
    return None if usual is None else (lowest[day], usual)
