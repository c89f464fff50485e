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


def _lasts(wrong: int) -> int:
    """How long nothing is taken after so many wrong tries, µs."""
    return LOCKED if wrong >= MOST else WAIT_FIRST * 2 ** (wrong - FREE) if wrong >= FREE else 0


def within(tries: Tries, now: int) -> Tries:
    """The count after a clock that may have been set back: the wait begins anew, and lasts no longer than one that began
    now.
    """
    return replace(tries, until=min(tries.until, now + _lasts(tries.wrong)))


def waits(tries: Tries, now: int) -> int:
    """How long until a try is taken, µs; 0: now."""
    return max(tries.until - now, 0)


def after_wrong(tries: Tries, now: int) -> Tries:
    """The count after one more wrong try."""
    wrong = tries.wrong + 1 if tries.wrong < MOST else FREE + 1
    return Tries(wrong, now + _lasts(wrong) if _lasts(wrong) else 0)
