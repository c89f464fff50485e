"""Some adapters hand the gateway's own question back before the answer. Whether one does is learnt from questions that
only read.

An answer to an order, in some protocols, is the order itself: there an echo would be taken for the meter's
confirmation. So a bus that is known to echo takes the question off before anything is fed to the exchange, also where
the echo has lost a few bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

LOST = 2
"""How many bytes of an echo an adapter may lose, and no more than one in `ONE_IN`."""
ONE_IN = 6


@dataclass
class Echo:
    """Whether a bus echoes: True, False, or None while that is unknown."""

    known: bool | None = None

    def begin(self, request: bytes, mirrors: bool) -> EchoFilter:
        """Return the filter for what comes back after one question. `mirrors`: its answer may be the same bytes."""
        return EchoFilter(request, active=not mirrors or self.known is True)

    def learn(self, stream: EchoFilter, answered: bool) -> None:
        """Take up what came back after a question whose answer is other bytes than the question."""
        if stream.is_echo:
            self.known = True
        elif answered:
            self.known = False


class EchoFilter:
    """Takes the echo of one question off the beginning of what comes back."""

    def __init__(self, request: bytes, active: bool) -> None:
        self._request, self._active = request, active
        self._may_lose = min(LOST, len(request) // ONE_IN)
        self._next = 0
        self._held = bytearray()
        self.is_echo = False
        """Whether the question came back, but for lost bytes."""
        self.lost = 0
        """How many bytes the echo has lost."""
        self.others = 0
        """How many bytes came that are no echo."""

    def feed(self, received: bytes) -> bytes:
        """Return `received` without the bytes of the echo. Bytes that may begin the echo are held back until that is
        known.
        """
        index = 0
        while self._active and index < len(received):
            step = self._step(received[index])
            if step is None:
                self._end()
                break
            self._held.append(received[index])
            self._next += step + 1
            index += 1
            if self._next == len(self._request):
                self._end()
        released = b"" if self._active or self.is_echo else bytes(self._held)
        if not self._active:
            self._held.clear()
        rest = released + received[index:]
        self.others += len(rest)
        return rest

    def _step(self, byte: int) -> int | None:
        """Return how many bytes of the echo are lost before `byte`; None if it does not continue the echo."""
        ahead = self._request[self._next : self._next + self._may_lose + 1]
        return ahead.find(byte) if byte in ahead else None

    def _end(self) -> None:
        self._active = False
        self.lost = len(self._request) - len(self._held)
        self.is_echo = self.lost <= self._may_lose
