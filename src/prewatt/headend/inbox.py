"""The queue between the head-end's connection and its loop: messages wait in `Turns`, and news of the connection comes
first.
"""

from __future__ import annotations

import queue
import time
from collections import Counter, deque

from ..wire.link import LinkEvent, Received
from .turns import Turns


class Inbox(queue.Queue[LinkEvent]):
    """A queue that never makes the connection wait. Messages that are too many are dropped and counted, so that they do
    not hold up the broker's other messages.
    """

    def dropped(self) -> Counter[str]:
        """Return how many messages were dropped since the last call, by gateway (empty: unknown senders)."""
        with self.mutex:
            self._turns.forget(time.monotonic())
            return self._turns.dropped()

    # The four methods that `queue.Queue` calls under its lock.

    def _init(self, maxsize: int) -> None:  # noqa: ARG002
        self._news: deque[LinkEvent] = deque()
        self._turns = Turns()

    def _qsize(self) -> int:
        return len(self._news) + len(self._turns)

    def _put(self, item: LinkEvent) -> None:
        if isinstance(item, Received):
            self._turns.put(time.monotonic(), item)
        else:
            self._news.append(item)

    def _get(self) -> LinkEvent:
        return self._news.popleft() if self._news else self._turns.take()
