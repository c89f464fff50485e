"""Whose message is taken in next: the gateways have turns, and each has a share that none can exceed.

Messages wait here before the database is asked anything. One gateway's flood fills its own lane alone: the messages of
all others are taken in as if it were not there. What is over its share is dropped unopened and counted. A gateway that
means well loses nothing by it, because it keeps each entry until the head-end has acknowledged it.

The shares are far above what a gateway sends: it has at most 2,000 entries under way (`edge.sync`), and a backlog of a
month comes in messages of 500. Logic without I/O, on a clock that never jumps.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from ..wire import topics
from ..wire.link import Received

RATE, BURST = 500.0, 2500.0
"""How many units a second a gateway may send for long, and how many at once. A message is one unit, and one more for
each `UNIT` bytes.
"""
UNIT = 16 * 1024
LANE = 16 * 1024 * 1024
"""The most bytes of one gateway that wait."""
ALL_LANES = 256 * 1024 * 1024
"""The most bytes that wait. Beyond it the longest lane drops its newest messages."""
FLOOD = 100
"""A gateway of which more messages than these are dropped between two batches floods, and is kept off for a while."""
OVERHEAD = 200
"""About how many bytes of memory a message takes beside its payload."""


@dataclass(slots=True)
class _Lane:
    """The messages of one gateway that wait, their bytes, and what is left of its share at an instant (s)."""

    at: float
    left: float = BURST
    size: int = 0
    messages: deque[Received] = field(default_factory=deque)


class Turns:
    """The messages that wait, by gateway."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._order: deque[str] = deque()
        self._size = 0
        self._waiting = 0
        self._dropped: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._waiting

    def put(self, mono: float, message: Received) -> None:
        """Let a message wait for its turn, or drop it if its gateway has had its share. `mono`: now, in seconds."""
        name = topics.gateway_of(message.topic) or ""
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane(mono)
        lane.left = min(lane.left + (mono - lane.at) * RATE, BURST)
        lane.at = mono
        units, size = 1 + len(message.payload) / UNIT, len(message.payload) + OVERHEAD
        if units > lane.left or lane.size + size > LANE:
            self._dropped[name] += 1
            return
        lane.left -= units
        if not lane.messages:
            self._order.append(name)
        lane.messages.append(message)
        self._count(lane, size, 1)
        while self._size > ALL_LANES:
            self._shorten()

    def take(self) -> Received:
        """Return the next message, of the gateway whose turn it is. Raises IndexError if none waits."""
        name = self._order.popleft()
        lane = self._lanes[name]
        message = lane.messages.popleft()
        self._count(lane, -len(message.payload) - OVERHEAD, -1)
        if lane.messages:
            self._order.append(name)
        return message

    def dropped(self) -> Counter[str]:
        """Return how many messages were dropped since the last call, by gateway (empty: unknown senders)."""
        dropped, self._dropped = self._dropped, Counter()
        return dropped

    def forget(self, mono: float) -> None:
        """Forget the gateways that have their whole share again, so that names that come and go fill no memory."""
        full = [
            name
            for name, lane in self._lanes.items()
            if not lane.messages and lane.left + (mono - lane.at) * RATE >= BURST
        ]
        for name in full:
            del self._lanes[name]

    def _count(self, lane: _Lane, size: int, messages: int) -> None:
        lane.size += size
        self._size += size
        self._waiting += messages

    def _shorten(self) -> None:
        name, lane = max(self._lanes.items(), key=lambda each: each[1].size)
        message = lane.messages.pop()
        self._count(lane, -len(message.payload) - OVERHEAD, -1)
        self._dropped[name] += 1
        if not lane.messages:
            self._order.remove(name)
