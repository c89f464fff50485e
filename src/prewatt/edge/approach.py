"""How soon a step of the warning can be reached: the meter is read by then. Logic without I/O."""

from __future__ import annotations

from ..kernel.low import Reach
from ..kernel.units import HOUR

SPARE = 10
"""Should all that the fuse lets through be drawn from one moment to the next, a step is seen at the latest when one part in
so many of it is gone. A flat that stands still just above a step is not read as often as can be for ever."""


class Approach:
    """The power that one meter was last seen to draw."""

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None
        self.power = 0

    def clock_set(self) -> None:
        """Instants of before can't be compared with those to come."""
        self._before = None

    def observe(self, now: int, register: int, power: int | None) -> None:
        """The meter was read: its register (Wh), and the power (W) if it tells that."""
        before, self._before = self._before, (now, register)
        moved = 0
        if before is not None and now > before[0]:
            moved = max(register - before[1], 0) * HOUR // (now - before[0])
        self.power = max(power or 0, moved)

    def wait(self, reach: Reach, fuse: int) -> int:
        """How long (µs) a step that is `reach` away need not be looked for, behind a `fuse` of so many W."""
        at_once = (reach.energy + reach.size // SPARE) * HOUR // fuse
        return min(at_once, reach.energy * HOUR // self.power) if self.power else at_once
