"""The two clocks of a gateway: the time of day, which can be set and can be wrong, and the steady clock, which only
goes on, at the rate of its quartz. Instants and lengths are in µs. The world has the true time.
"""

from __future__ import annotations

from ...edge.timekeeping import Moment
from ...kernel.units import SECOND

PPM = 10**6


class Clocks:
    """The clocks of one gateway. `drift` says by how many parts per million the quartz is fast."""

    def __init__(self, now: int, drift: int = 0) -> None:
        self._drift = drift
        self._from = now
        self._steady = 0
        self._wall_ahead = now
        self._last: tuple[int, Moment] | None = None

    def steady(self, now: int) -> int:
        """Return the steady clock (µs) at a true instant."""
        passed = now - self._from
        if not self._drift:
            return self._steady + passed
        return self._steady + passed + passed * self._drift // PPM

    def moment(self, now: int) -> Moment:
        """Return what both clocks show at a true instant."""
        if self._last is None or self._last[0] != now:
            steady = self.steady(now)
            self._last = (now, Moment(self.wall(now), steady / SECOND, steady))
        return self._last[1]

    def wall(self, now: int) -> int:
        """Return the time of day (µs) at a true instant."""
        return max(self.steady(now) + self._wall_ahead, 0)

    def when_steady(self, steady: int) -> int:
        """Return the first true instant at which the steady clock shows at least `steady`."""
        if not self._drift:
            return self._from + steady - self._steady
        passed = (steady - self._steady) * PPM // (PPM + self._drift)
        now = self._from + passed
        while self.steady(now) < steady:
            now += 1
        return now

    def boot(self, now: int, wall: int) -> None:
        """Start the machine, with `wall` on its clock."""
        self._from, self._steady, self._wall_ahead, self._last = now, 0, wall, None

    def set_wall(self, now: int, wall: int) -> None:
        """Set the time of day, as a person or the network's time does."""
        self._wall_ahead, self._last = wall - self.steady(now), None

    def error(self, now: int) -> int:
        """Return by how much (µs) the time of day is ahead of the true time."""
        return self.wall(now) - now
