"""Slowing down and then stopping who guesses: codes, and PINs. Logic without I/O.

Each way in (page, keypad, Bluetooth) is counted for itself, so that a neighbour who guesses by Bluetooth does not close
the tenant's own keypad.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ..kernel.units import DAY, SECOND

FREE = 3
"""Wrong tries in a row that cost nothing."""
WAIT_FIRST = 10 * SECOND
"""Wait after the last free one; twice as long after each further one."""
MOST = 10
"""Wrong tries in a row after which nothing is taken any more, for `LOCKED`."""
LOCKED = DAY


class Tries(Struct, frozen=True):
    """Wrong tries in a row, and until when nothing is taken (µs)."""

    wrong: int = 0
    until: int = 0

    @property
    def locked(self) -> bool:
        return self.wrong >= MOST


def waits(tries: Tries, now: int) -> int:
    """How long until a try is taken, µs; 0: now. A clock that was set back makes nobody wait longer than a lock lasts."""
    return min(max(tries.until - now, 0), LOCKED)


def after_wrong(tries: Tries, now: int) -> Tries:
    """The count after one more wrong try."""
    wrong = tries.wrong + 1 if tries.wrong < MOST else FREE + 1
    if wrong >= MOST:
        return Tries(wrong, now + LOCKED)
    return replace(tries, wrong=wrong, until=now + WAIT_FIRST * 2 ** (wrong - FREE) if wrong >= FREE else 0)
