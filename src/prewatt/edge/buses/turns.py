"""Who may use a bus next: one at a time, the more urgent first, and those of one urgency in the order in which they came."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Urgency(IntEnum):
    """How urgent the use of a bus is; a lower number goes first."""

    SWITCH = 0
    """A switch moves: somebody may be in the dark."""
    PERSON = 1
    """Somebody stands before a page and waits."""
    ROUND = 2
    """Meters are read in their turn."""


_urgency: ContextVar[Urgency] = ContextVar("urgency", default=Urgency.ROUND)


@contextmanager
def urgent(urgency: Urgency) -> Iterator[None]:
    """Inside the block, what this thread asks of buses has at least this urgency."""
    token = _urgency.set(min(urgency, _urgency.get()))
    try:
        yield
    finally:
        _urgency.reset(token)


def urgency() -> Urgency:
    """Return the urgency of what this thread asks."""
    return _urgency.get()


class Turns:
    """The queue of a bus."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: list[tuple[int, int]] = []
        self._tickets = itertools.count()
        self._holder: tuple[int, int] | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the bus, and hold it inside the block."""
        mine = (int(urgency()), next(self._tickets))
        with self._condition:
            self._take(mine)
        try:
            yield
        finally:
            with self._condition:
                self._release()

    def give_way(self) -> None:
        """Let more urgent threads use the bus first. Who holds it calls this, and holds it again afterwards."""
        with self._condition:
            mine = self._holder
            if mine is not None and self._waiting and self._waiting[0][0] < mine[0]:
                self._release()
                self._take(mine)

    def _take(self, mine: tuple[int, int]) -> None:
        heapq.heappush(self._waiting, mine)
        self._condition.wait_for(lambda: self._holder is None and self._waiting[0] == mine)
        heapq.heappop(self._waiting)
        self._holder = mine

    def _release(self) -> None:
        self._holder = None
        self._condition.notify_all()
