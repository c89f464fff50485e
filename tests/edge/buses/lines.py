"""A virtual line for tests of the bus: time passes only while the bus waits, so nothing sleeps."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.turns import Turns
from prewatt.edge.protocols.exchange import Answer, Exchange


class WatchedTurns(Turns):
    """Turns for which a test can wait until others wait for theirs."""

    def __init__(self) -> None:
        super().__init__()
        self._came = threading.Semaphore(0)

    def _take(self, mine: tuple[int, int]) -> None:
        # Who is told of it gets the condition only when this one waits.
        self._came.release()
        super()._take(mine)

    def await_waiting(self, count: int) -> None:
        """Wait until `count` others wait for the bus."""
        while True:
            with self._condition:
                if len(self._waiting) >= count:
                    return
            assert self._came.acquire(timeout=30)


@dataclass
class VirtualPort:
    """`answers`: for each question in turn, the pieces that come back, as pairs (seconds after the question, bytes)."""

    answers: list[list[tuple[float, bytes]]] = field(default_factory=list)
    now: float = 0.0
    written: list[tuple[float, bytes]] = field(default_factory=list)
    name: str = "virtual"
    coming: list[tuple[float, bytes]] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        self.written.append((self.now, data))
        pieces = self.answers.pop(0) if self.answers else []
        self.coming = sorted([*self.coming, *((self.now + after, piece) for after, piece in pieces)])

    def read(self, wait_s: float) -> bytes:
        if self.coming and self.coming[0][0] <= self.now + wait_s:
            at, piece = self.coming.pop(0)
            self.now = max(self.now, at)
            return piece
        self.now += wait_s
        return b""

    def close(self) -> None:
        self.coming.clear()

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Ask(Exchange[bytes]):
    """The question `?N;` is answered by `N=VALUE;`, as a stream. An order `!N;` is answered by itself."""

    longest = 12

    def __init__(self, name: str, order: bool = False) -> None:
        self.request = f"{'!' if order else '?'}{name};".encode()
        self.mirrors = order
        self._begin = self.request[:-1] if order else f"{name}=".encode()
        self._buffer = b""

    def feed(self, received: bytes) -> Answer[bytes] | None:
        self._buffer += received
        *frames, self._buffer = self._buffer.split(b";")
        for frame in frames:
            if frame.startswith(self._begin):
                return Answer(frame[len(self._begin) :])
        return None

    def seen(self) -> str:
        return f"{len(self._buffer)} bytes that are no frame" if self._buffer else "nothing"


def asks(name, order=False):
    return (yield Ask(name, order))


def bus_on(*answers, **timing):
    port = VirtualPort(list(answers))
    bus = Bus(port, Timing(**timing), lambda: port.now, port.sleep)
    bus.turns = WatchedTurns()
    return bus, port
