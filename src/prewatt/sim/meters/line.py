"""A line with played meters, and what can be wrong with a line. It owns no port and no clock: bytes go in, and pieces of
bytes come out, each with the seconds to wait before it is sent.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ...edge.buses.pause import BITS
from .played import Responder

WAKE = b"\xfe"
"""The byte that some meters send before an answer, once or many times."""


@dataclass
class LineFaults:
    """What is wrong with a line. A number from 0 to 1 is the share of answers that it befalls; all can be changed while the
    line runs.

    `silence`: the answer is lost. `noise`: bytes come before it, or within the pause after it. `echoes`: True on an adapter
    that hands back each question; `echo_loses`: it loses a byte of it. `splits`: the answer comes in pieces. `glues`: the
    answer of another meter comes once more, in one piece with it. `garbles`: a bit is turned. `late`: it comes `late_s`
    seconds late. `loses`: a byte is lost. `doubles`: its first byte, but for wake-up bytes, comes twice.
    """

    silence: float = 0.0
    noise: float = 0.0
    echoes: bool = False
    echo_loses: float = 0.0
    splits: float = 0.0
    glues: float = 0.0
    garbles: float = 0.0
    late: float = 0.0
    late_s: float = 1.5
    loses: float = 0.0
    doubles: float = 0.0


class Piece(NamedTuple):
    """Bytes to send, `after_s` seconds after the piece before (or the question)."""

    after_s: float
    data: bytes


@dataclass
class Line:
    """A line. `meters`: each hears all that is sent to the line. `baud`: 0 for one that takes no time. `turnaround_s`: what
    a meter waits before it answers. `seed`: the random seed for what goes wrong when.
    """

    meters: Sequence[Responder]
    baud: int = 0
    turnaround_s: float = 0.0
    faults: LineFaults = field(default_factory=LineFaults)
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        # The last answer, and whose it was.
        self._before: tuple[int, bytes] | None = None

    def line_s(self, count: int) -> float:
        """Return the seconds that `count` bytes take on the line."""
        return count * BITS / self.baud if self.baud else 0.0

    def feed(self, received: bytes) -> list[Piece]:
        """Receive the bytes of a request, and return the pieces of the answer."""
        pieces: list[Piece] = []
        if self.faults.echoes:
            pieces.append(Piece(self.line_s(len(received)), self._echo(received)))
        first_s = self.turnaround_s + (0.0 if self.faults.echoes else self.line_s(len(received)))
        for index, meter in enumerate(self.meters):
            for frame in meter.feed(received):
                pieces += self._spoiled(index, frame, first_s)
        return [piece for piece in pieces if piece.data]

    def unasked(self) -> list[Piece]:
        """Return what meters send by themselves."""
        frames = [frame for meter in self.meters for frame in getattr(meter, "unasked", list)()]
        return [Piece(self.line_s(len(frame)), frame) for frame in frames]

    def _echo(self, received: bytes) -> bytes:
        return self._without_one(received) if self._happens(self.faults.echo_loses) else received

    def _spoiled(self, index: int, frame: bytes, first_s: float) -> list[Piece]:
        """Return an answer of meter `index` as it arrives."""
        before, self._before = self._before, (index, frame)
        faults = self.faults
        if self._happens(faults.silence):
            return []
        data = self._damaged(frame)
        if before is not None and before[0] != index and self._happens(faults.glues):
            data = before[1] + data
        wait_s = first_s + (faults.late_s if self._happens(faults.late) else 0.0)
        if not self._happens(faults.splits) or len(data) < 2:
            return [Piece(wait_s + self.line_s(len(data)), data)]
        cut = self._random.randint(1, len(data) - 1)
        return [
            Piece(wait_s + self.line_s(cut), data[:cut]),
            Piece(0.002 + self.line_s(len(data) - cut), data[cut:]),
        ]

    def _damaged(self, frame: bytes) -> bytes:
        """Return the bytes of a frame with what the line does to them."""
        faults, data = self.faults, frame
        if self._happens(faults.garbles):
            data = self._garbled(data)
        if self._happens(faults.loses):
            data = self._without_one(data)
        if self._happens(faults.doubles):
            # Wake-up bytes may come any number of times.
            begins = len(data) - len(data.lstrip(WAKE))
            data = data[: begins + 1] + data[begins:]
        if self._happens(faults.noise):
            noise = self._random.randbytes(self._random.randint(1, 6))
            data = noise + data if self._random.random() < 0.5 else data + noise
        return data

    def _happens(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    def _garbled(self, data: bytes) -> bytes:
        at = self._random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self._random.randrange(8)]) + data[at + 1 :]

    def _without_one(self, data: bytes) -> bytes:
        at = self._random.randrange(len(data))
        return data[:at] + data[at + 1 :]
