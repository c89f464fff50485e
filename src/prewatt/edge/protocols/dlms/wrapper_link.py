"""An APDU over TCP and back (IEC 62056-47), as exchanges of wrapped APDUs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..conversation import Conversation
from ..exchange import Answer, Exchange, Skipped
from .wrapper import HEADER, Wrapped, WrappedStream

T = TypeVar("T")
RELEASED = (b"\x63", b"\xd8", b"\x0e")
"""How answers to a release begin: RLRE, and the exceptions of a meter that holds no association."""


class WrappedExchange(Exchange[T]):
    """An APDU to a meter, and what `take` makes of the one that answers it."""

    def __init__(self, question: Wrapped, take: Callable[[bytes], T | None], longest: int) -> None:
        self.request, self.longest = question.encode(), HEADER + longest
        self._take, self._seen = take, ""
        self._stream = WrappedStream(question.destination, question.source, longest)

    def feed(self, received: bytes) -> Answer[T] | None:
        """Take up what arrived."""
        for apdu in self._stream.feed(received):
            value = self._take(apdu)
            if value is not None:
                return Answer(value)
            self._seen = f"an answer to another question: {apdu[:12].hex().upper()}"
        return None

    def skipped(self) -> Skipped:
        """Return what came beside the answer."""
        return Skipped(self._stream.others, bool(self._seen))

    def seen(self) -> str:
        """Return what arrived in place of the answer."""
        return self._seen or (f"{self._stream.others} bytes that are no answer" if self._stream.others else "nothing")


class WrapperLink:
    """The way from one client to one meter over TCP. `client`, `server`: service access points. `longest`: of the meter's
    APDUs.
    """

    def __init__(self, client: int, server: int, longest: int) -> None:
        self._client, self._server, self._longest = client, server, longest

    def connect(self) -> Conversation[None]:
        """Do nothing: the connection is the bus's."""
        yield from ()

    def ask(self, apdu: bytes, take: Callable[[bytes], T | None]) -> Conversation[T]:
        """Send an APDU, and return what `take` makes of the answer."""
        answer: T = yield WrappedExchange(Wrapped(self._client, self._server, apdu), take, self._longest)
        return answer

    def disconnect(self, release: bytes) -> Conversation[None]:
        """Release the association. A meter that has ended it already may answer with an error."""
        yield from self.ask(release, lambda apdu: apdu if apdu[:1] in RELEASED else None)
