"""This module has the rule by which bills and books decide to which span of time something belongs.

A span includes its first instant and excludes its end, so that consecutive spans share nothing and leave nothing out.
What happens at an instant (a payment, a refund) belongs to the span that holds this instant. A reading says what was
used up to its instant, so it belongs to the span that holds the last instant before: a reading at midnight closes the
day before, and what it charged stands there in the books (`closing`). An interval between two readings is never
divided: one that lies over a midnight, because nobody could read the meter then, belongs as a whole to the day in which
it ends.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .calendar import day_bounds, local_day, next_month


class Span(NamedTuple):
    """A half-open span of time: from `begins` (included) to `ends` (excluded), in µs since 1970, UTC. It is empty if
    `ends` is not after `begins`.
    """

    begins: int
    ends: int

    @classmethod
    def of_days(cls, first: date, last: date, zone_info: ZoneInfo) -> Span:
        """Return the span of the local days from `first` to `last`, both included."""
        return cls(day_bounds(first, zone_info)[0], day_bounds(last, zone_info)[1])

    @classmethod
    def of_month(cls, day: date, zone_info: ZoneInfo) -> Span:
        """Return the span of the local month in which `day` lies."""
        first = day.replace(day=1)
        return cls(day_bounds(first, zone_info)[0], day_bounds(next_month(first), zone_info)[0])

    def holds(self, at: int) -> bool:
        """Return whether an event at the instant `at` belongs to the span."""
        return self.begins <= at < self.ends

    def first_day(self, zone_info: ZoneInfo) -> date:
        """Return the local day in which the span begins."""
        return local_day(self.begins, zone_info)

    def last_day(self, zone_info: ZoneInfo) -> date:
        """Return the local day in which the span's last instant lies."""
        return closing_day(self.ends, zone_info)

    def within(self, begins: int, ends: int | None) -> Span:
        """Return the part of the span between two instants. `ends` None means that there is no end."""
        return Span(max(self.begins, begins), self.ends if ends is None else min(self.ends, ends))


def closing(at: int) -> int:
    """Return the last instant (µs) of what ended at `at`, such as the use that a reading measured: one microsecond
    before.
    """
    return at - 1


def closing_day(at: int, zone_info: ZoneInfo) -> date:
    """Return the local day of what ended at `at`. At midnight that is the day before."""
    return local_day(closing(at), zone_info)
