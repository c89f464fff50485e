"""Whether something was left on: the least that a meter measures in any hour of a day, beside the days before.

A fridge and standby draw the same every day; a heater that nobody switched off shows in every hour. So a day is unusual when its
lowest hour is over twice the usual lowest hour, and at least `LEAST` more. Usual is the median of the four weeks before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import median_low

from ...kernel.units import HOUR

WEEKS = 4
FEWEST = 7
"""Days that must be known before anything is said."""
LEAST = 150
"""W over the usual, so that a second router is no news."""
HOURS = 20
"""Hours of a day that must have been measured."""


def lowest_hour(readings: Iterable[tuple[int, int]], begin: int, end: int) -> int | None:
    """The least that was used in one clock hour between two instants, Wh, of readings (instant, Wh since the one before);
    None if too few hours were read.
    """
    hours: dict[int, int] = {}
    for at, used in readings:
        if begin < at <= end:
            number = (at - begin - 1) // HOUR
            hours[number] = hours.get(number, 0) + used
    # An hour at whose ends nothing was read would seem to use nothing.
    return min(hours.values()) if len(hours) >= HOURS else None


def unusual(lowest: int, before: Sequence[int]) -> int | None:
    """The usual lowest hour (Wh) if `lowest` is unusual beside it, else None."""
    if len(before) < FEWEST:
        return None
    usual = median_low(before)
    return usual if lowest > 2 * usual and lowest >= usual + LEAST else None


def judge(lowest: Mapping[date, int], day: date) -> tuple[int, int] | None:
    """(lowest hour of `day`, the usual one), if the day is unusual."""
    if day not in lowest:
        return None
    usual = unusual(lowest[day], [value for other, value in lowest.items() if other < day])
    return None if usual is None else (lowest[day], usual)
