"""This module decides whose request a thread works on next. Nobody holds all threads: whoever sends many requests at
once waits only for their own.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from .refusals import too_busy, too_many

EACH = 3
"""The most threads for one visitor or one address at once."""
WAIT_MOST = 200
"""The most requests of one visitor or address that wait."""
ALL_WAIT_MOST = 2_000
"""The most requests that wait."""


class Turns:
    """The places of the threads, given to all who ask in turn."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._each = min(EACH, max(places - 1, 1))
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._number = 0
        self._alone = count()

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """Wait for a place. `who`: visitor or address; empty: somebody who shares with nobody. Raises Refusal if too many
        wait already.
        """
        who = who or f"#{next(self._alone)}"
        await self._enter(who)
        try:
            yield
        finally:
            self._running[who] -= 1
            if not self._running[who]:
                del self._running[who]
            self._free += 1
            self._next()

    async def _enter(self, who: str) -> None:
        if self._free and self._running[who] < self._each and who not in self._waiting:
            self._start(who)
            return
        if self._number >= ALL_WAIT_MOST:
            raise too_busy(5)
        queue = self._waiting.setdefault(who, deque())
        if len(queue) >= WAIT_MOST:
            raise too_many(5)
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(ticket)
        self._number += 1
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                # The place was given in the same moment: give it on.
                self._running[who] -= 1
                self._free += 1
                self._next()
            else:
                self._drop(who, ticket)
            raise

    def _start(self, who: str) -> None:
        self._free -= 1
        self._running[who] += 1

    def _next(self) -> None:
        for who in list(self._waiting):
            if not self._free:
                return
            if self._running[who] >= self._each:
                continue
            ticket = self._waiting[who][0]
            self._drop(who, ticket, to_the_end=True)
            self._start(who)
            ticket.set_result(None)

    def _drop(self, who: str, ticket: asyncio.Future[None], to_the_end: bool = False) -> None:
        queue = self._waiting.pop(who)
        queue.remove(ticket)
        self._number -= 1
        if queue:
            rest = self._waiting
            if to_the_end:
                rest[who] = queue
            else:
                self._waiting = {who: queue, **rest}
