"""This module works out how soon a step of the low-credit warning can be reached. The meter is read by then. Logic
without I/O.
"""

from __future__ import annotations

from ..kernel.low import Reach
from ..kernel.units import HOUR

SPARE = 10
"""If the full power of the fuse is suddenly drawn, a step is noticed late, but by at most one part in this many of its
size. So a flat that stays just above a step is not read as often as possible for ever.
"""


class Approach:
    """The power that one meter was last seen to draw."""

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None
        self.power = 0

    def clock_set(self) -> None:
        """Forget the earlier readings, because their instants cannot be compared with later ones."""
        self._before = None

    def observe(self, now: int, register: int, power: int | None) -> None:
        """Take up a reading: the register (Wh), and the power (W) if the meter reports it."""
        before, self._before = self._before, (now, register)
        moved = 0
        if before is not None and now > before[0]:
            moved = max(register - before[1], 0) * HOUR // (now - before[0])
        self.power = max(power or 0, moved)

    def wait(self, reach: Reach, fuse: int) -> int:
        """Return for how long (µs) a step at the distance `reach` need not be checked, behind a fuse of `fuse` W."""
        at_once = (reach.energy + reach.size // SPARE) * HOUR // fuse
        return min(at_once, reach.energy * HOUR // self.power) if self.power else at_once
