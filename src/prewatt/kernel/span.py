"""The law of time that bills and books share: which stretch of time something belongs to.

A span has its first instant and not its last one, so that spans that follow each other share nothing and leave nothing out.
What happens at an instant (a payment, a refund) belongs to the span that has this instant. A reading says what was used up
to its instant, so it belongs to the span that has the last instant before: a reading at midnight closes the day before, and
what it charged stands there in the books (`closing`). An interval between two readings is never divided: one that lies over
a midnight, because nobody could read the meter then, belongs as a whole to the day in which it ends.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .calendar import day_bounds, local_day, next_month


class Span(NamedTuple):
    """The time from `begins` up to, and without, `ends`: instants in µs since 1970, UTC. None of it where `ends` is not after
    `begins`.
    """

    begins: int
    ends: int

    @classmethod
    def of_days(cls, first: date, last: date, where: ZoneInfo) -> Span:
        """The local days from `first` to `last`, with both."""
        return cls(day_bounds(first, where)[0], day_bounds(last, where)[1])

    @classmethod
    def of_month(cls, day: date, where: ZoneInfo) -> Span:
        """The local month that a day lies in."""
        first = day.replace(day=1)
        return cls(day_bounds(first, where)[0], day_bounds(next_month(first), where)[0])

    def holds(self, at: int) -> bool:
        """Whether what happens at an instant belongs to it."""
        return self.begins <= at < self.ends

    def first_day(self, where: ZoneInfo) -> date:
        """The local day that it begins in."""
        return local_day(self.begins, where)

    def last_day(self, where: ZoneInfo) -> date:
        """The local day that its last instant lies in."""
        return closing_day(self.ends, where)

    def within(self, begins: int, ends: int | None) -> Span:
        """What of it lies between two instants (`ends` None: without an end)."""
        return Span(max(self.begins, begins), self.ends if ends is None else min(self.ends, ends))


def closing(at: int) -> int:
    """The last instant (µs) of what ended at an instant, such as what a reading measured: one microsecond before."""
    return at - 1


def closing_day(at: int, where: ZoneInfo) -> date:
    """The local day of what ended at an instant: at midnight the day before."""
    return local_day(closing(at), where)
