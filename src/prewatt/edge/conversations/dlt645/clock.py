"""The clock of a meter that speaks DL/T 645: wall-clock time without a zone, in two items that change apart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ....kernel.calendar import local
from ....kernel.units import MINUTE, SECOND, instant
from ...meters.dlt645_model import MeterClock
from ...protocols.conversation import Conversation
from ...protocols.dlt645.bcd_times import from_clock, from_date
from ...protocols.dlt645.codes import Edition
from ...protocols.dlt645.exchanges import read
from ...protocols.errors import NoAnswer, Refused, Unsupported, WrongAnswer

MIDNIGHT = time(0, 1)
"""A time before this may belong to the day after the date that was read before it."""
FIRST = datetime.combine(date(2000, 1, 1), time.min)
LAST = datetime.combine(date(2099, 12, 31), time(23, 59, 59))
"""The first and the last time that such a clock can show."""


class WallClock:
    """What is known of one meter's clock. `zone`: of the time it shows. `clock`: the gateway's (µs).

    `error`: by how much the meter's clock is ahead of the gateway's, µs; None: it was not read, or shows no time.
    """

    def __init__(
        self, items: MeterClock | None, address: str, edition: Edition, zone: ZoneInfo, clock: Callable[[], int]
    ) -> None:
        self._items, self._address, self._edition = items, address, edition
        self._zone, self._clock = zone, clock
        self._read_at: int | None = None
        self.error: int | None = None

    def read(self) -> Conversation[int]:
        """Return the instant that the meter's clock shows, µs since 1970."""
        wall = yield from self._read()
        # The hour that comes twice in autumn is the one that is nearer to the gateway's clock.
        at = [instant(wall.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1)]
        return min(at, key=lambda each: abs(each - self._clock()))

    def check(self, within: int) -> Conversation[bool]:
        """Read the meter's clock, unless that was done in the last `within` µs. Returns whether it was read now. If no
        answer comes, what was known before stays.
        """
        if self._read_at is not None and 0 <= self._clock() - self._read_at < within:
            return False
        with suppress(NoAnswer):
            yield from self.look()
            return True
        return False

    def look(self) -> Conversation[None]:
        """Read the meter's clock, and set `error`: None if it shows no time, or the meter does not tell it. Raises
        NoAnswer.
        """
        try:
            wall = yield from self._read()
            self.error = (wall - self.wall(self._clock())) // timedelta(microseconds=1)
        except (Refused, WrongAnswer, Unsupported):
            self.error = None
        self._read_at = self._clock()

    def wall(self, at: int) -> datetime:
        """Return the wall-clock time of the meter's zone at an instant, without a zone."""
        return local(at, self._zone).replace(tzinfo=None)

    def after(self, minutes: int) -> datetime:
        """Return what the meter's clock will show in so many minutes. One that shows no time is taken for right."""
        ahead = timedelta(microseconds=self.error or 0, minutes=minutes)
        return min(max(self.wall(self._clock()) + ahead, FIRST), LAST)

    def words(self) -> str:
        """Return what is wrong with the clock, as the end of a sentence; empty if nothing is."""
        if self._items is None:
            return ""
        if self.error is None:
            return "; its clock shows no time"
        if abs(self.error) <= self._items.step_s * SECOND:
            return ""
        return f"; its clock is {abs(self.error) // MINUTE} minutes {'ahead' if self.error > 0 else 'behind'}"

    def _read(self) -> Conversation[datetime]:
        items = self._items
        if items is None:
            raise Unsupported("its model's file names no clock")
        day = from_date((yield from read(self._address, items.date, self._edition))[:4])
        clock = from_clock((yield from read(self._address, items.time, self._edition))[:3])
        if clock is not None and clock < MIDNIGHT:
            day = from_date((yield from read(self._address, items.date, self._edition))[:4])
        if day is None or clock is None:
            raise WrongAnswer("its clock shows no possible time: its battery may be empty")
        return datetime.combine(day, clock)
