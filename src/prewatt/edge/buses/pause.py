"""How long a bus is silent between an answer and the next question.

The standards want little: a few characters. Some meters and adapters need more to turn from sending to listening, and nobody
can tell which; a question that comes too early is not heard. So a bus begins with a pause that is enough for nearly all, and
halves it while all goes well. When a meter that has just answered does not hear a question, the pause is the long one again,
and it takes twice as many answers until a shorter one is tried: a bus that needs it loses a question less and less often.
"""

from __future__ import annotations

TRIED_AFTER = 32
"""After this many answers in a row a shorter pause is tried for the first time."""
TRIED_AFTER_MOST = 20_000
BITS = 11
"""Bits of a byte on the line: start, eight, parity, stop."""
CHARACTERS, SHORTEST_S = 3.5, 0.001_75
"""The silence between two frames by MODBUS over Serial Line 1.02 (2.5.1.1), and what it is above 19,200 baud. No other of the
standards wants more.
"""


def silence_s(baud: int) -> float:
    """Return the seconds of silence that the standards want between two frames."""
    return max(CHARACTERS * BITS / baud, SHORTEST_S)


class Pause:
    """The pause of one bus, in seconds. `longest`: the pause at the beginning. `least`: the shortest that is tried."""

    def __init__(self, longest: float, least: float) -> None:
        self._longest, self._least = longest, min(least, longest)
        self.seconds = longest
        self._answers, self._wanted = 0, TRIED_AFTER

    def answered(self) -> None:
        """Note that a question was answered."""
        self._answers += 1
        if self._answers >= self._wanted:
            self.seconds = max(self.seconds / 2, self._least)
            self._answers = 0

    def lost(self) -> None:
        """Note that a question was not answered by a meter that has answered the one before."""
        self._answers = 0
        if self.seconds < self._longest:
            self.seconds = self._longest
            self._wanted = min(2 * self._wanted, TRIED_AFTER_MOST)
