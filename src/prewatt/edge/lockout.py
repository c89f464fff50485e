"""This module slows down people who guess codes or PINs, and then locks them out. Logic without I/O.

Each way in (page, keypad, Bluetooth) has its own count, so that a neighbour who guesses by Bluetooth does not close the
tenant's own keypad.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ..kernel.units import DAY, SECOND

FREE = 3
"""Wrong tries in a row that cost no waiting."""
WAIT_FIRST = 10 * SECOND
"""The wait (µs) after the first wrong try beyond those; it doubles with each further one."""
MOST = 10
"""Wrong tries in a row after which no code is accepted for `LOCKED`."""
LOCKED = DAY


class Tries(Struct, frozen=True):
    """The number of wrong tries in a row, and the instant (µs) until which nothing is accepted."""

    wrong: int = 0
    until: int = 0

    @property
    def locked(self) -> bool:
        """Return whether there were so many wrong tries that the way in is locked."""
        return self.wrong >= MOST


def _lasts(wrong: int) -> int:
    """Return how long (µs) nothing is accepted after `wrong` wrong tries."""
    return LOCKED if wrong >= MOST else WAIT_FIRST * 2 ** (wrong - FREE) if wrong >= FREE else 0


def within(tries: Tries, now: int) -> Tries:
    """Return the count after a clock change: the wait lasts no longer than one that begins at `now`."""
    return replace(tries, until=min(tries.until, now + _lasts(tries.wrong)))


def waits(tries: Tries, now: int) -> int:
    """Return how long (µs) until a try is accepted; 0: now."""
    return max(tries.until - now, 0)


def after_wrong(tries: Tries, now: int) -> Tries:
    """Return the count after one more wrong try."""
    wrong = tries.wrong + 1 if tries.wrong < MOST else FREE + 1
    return Tries(wrong, now + _lasts(wrong) if _lasts(wrong) else 0)
