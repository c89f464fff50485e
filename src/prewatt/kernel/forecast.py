"""This module tells how long a balance will last, from what the last weeks cost at the same meter, by the day of the
week.

A day is expected to cost the mean of the same weekdays of the last four weeks, times a trend. The trend is the weighted
mean of all days of these weeks, divided by their plain mean. The weights are 1 for the earliest day, 2 for the next
one, and so on. `bench/forecast.py` measures the forecast on recorded apartments, beside "every day like yesterday".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from .units import MINUTE

WEEKS = 4
FEWEST = 3
"""The whole days that must have been seen before a forecast is given."""
FARTHEST = 60
"""Days after which it no longer matters how long the balance lasts."""
PARTS = 1440
"""The minutes of a day."""


@dataclass(frozen=True)
class Forecast:
    """A forecast: `minutes` until the balance is used up, at most `FARTHEST` days; it is worked out from `days` whole
    days.
    """

    minutes: int
    days: int

    @property
    def whole_days(self) -> int:
        """Return the time in days, rounded to the nearest day; 0 if it is less than half a day."""
        return (self.minutes + PARTS // 2) // PARTS


def recent(cost: Mapping[date, int], today: date) -> list[tuple[date, int]]:
    """Return the known whole days of the last four weeks, the earliest first."""
    first = today - timedelta(weeks=WEEKS)
    return [(day, cost[day]) for day in sorted(cost) if first <= day < today]


def forecast(balance: int, cost: Mapping[date, int], today: date, minute: int = 0) -> Forecast | None:
    """Return how long `balance` lasts from `minute` of the local day `today`. `cost`: what each whole local day cost,
    in the unit of `balance` (nano, or Wh). None if fewer than `FEWEST` days are known, or nothing is used.
    """
    expected, days = _expected(cost, today)
    if expected is None:
        return None
    left, passed, day = max(balance, 0), 0, today
    share = PARTS - minute
    while passed < FARTHEST * PARTS:
        cost_of_day = expected(day) * share // PARTS
        if cost_of_day >= left:
            minutes = passed + (left * share // cost_of_day if cost_of_day else 0)
            return Forecast(min(minutes, FARTHEST * PARTS), days)
        left -= cost_of_day
        passed += share
        day, share = day + timedelta(days=1), PARTS
    return Forecast(FARTHEST * PARTS, days)


def days_until(lasts: int, at: int) -> int:
    """Return the days (rounded to the nearest) from the instant `at` until `lasts`, when a balance is used up."""
    return max(-((at - lasts) // MINUTE) + PARTS // 2, 0) // PARTS


def spending(cost: Mapping[date, int], today: date, minute: int, minutes: int) -> int | None:
    """Return what the next `minutes` minutes from `minute` of the local day `today` usually cost, in the unit of
    `cost`. None if fewer than `FEWEST` days are known, or nothing is used.
    """
    expected, _days = _expected(cost, today)
    if expected is None:
        return None
    spent, day = 0, today
    while minutes > 0:
        share = min(PARTS - minute, minutes)
        spent += expected(day) * share // PARTS
        minutes, minute, day = minutes - share, 0, day + timedelta(days=1)
    return spent


def _expected(cost: Mapping[date, int], today: date) -> tuple[Callable[[date], int] | None, int]:
    """Return what a day is expected to cost (None if that is not known), and from how many days it is calculated."""
    seen = recent(cost, today)
    total = sum(spent for _, spent in seen)
    if len(seen) < FEWEST or total <= 0:
        return None, len(seen)
    weights = sum(range(1, len(seen) + 1))
    weighted = sum(weight * spent for weight, (_, spent) in enumerate(seen, 1))
    by_weekday: dict[int, list[int]] = {}
    for day, spent in seen:
        by_weekday.setdefault(day.weekday(), []).append(spent)

    def expected(day: date) -> int:
        same = by_weekday.get(day.weekday(), [spent for _, spent in seen])
        return sum(same) * weighted * len(seen) // (len(same) * weights * total)

    return expected, len(seen)
