"""Callers that nobody knows: what they said is kept for the installer, who may know a new converter by it.

Anybody can call, so only a few callers are kept, and only the first bytes of each. A caller that calls again and again,
as a converter does, stays in the list longer than one that has called once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

MOST = 20
"""Callers that are kept."""
LONGEST = 64
"""Bytes that are kept of what a caller said."""


class Stranger(NamedTuple):
    """A caller that nobody knows. `said`: its first bytes; empty if it said nothing. `address`: from where it called last.
    `times`: how often it has called. `last`: when it did so last, in seconds of the steady clock.
    """

    said: bytes
    address: str
    times: int
    last: float


class Strangers:
    """The callers that nobody knows, at one address. Any thread may use them."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._lock = threading.Lock()
        self._kept: dict[tuple[bytes, str], Stranger] = {}

    def note(self, said: bytes, address: str) -> None:
        """Note that somebody has called whom nobody knows."""
        said = said[:LONGEST]
        # A converter gets another address from its network each day; who says nothing has only that.
        key = (said, "" if said else address)
        with self._lock:
            before = self._kept.pop(key, None)
            if before is None and len(self._kept) >= MOST:
                del self._kept[min(self._kept, key=lambda each: (self._kept[each].times, self._kept[each].last))]
            self._kept[key] = Stranger(said, address, before.times + 1 if before else 1, self._steady())

    def forget(self, is_known: Callable[[bytes], bool]) -> None:
        """Forget the callers that are known now. `is_known` gets the first bytes of each."""
        with self._lock:
            self._kept = {key: each for key, each in self._kept.items() if not is_known(each.said)}

    def listed(self) -> list[Stranger]:
        """Return the callers that are kept, the latest first."""
        with self._lock:
            return sorted(self._kept.values(), key=lambda each: -each.last)
