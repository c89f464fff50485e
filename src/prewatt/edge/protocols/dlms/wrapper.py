"""An APDU over TCP and back (IEC 62056-47, the wrapper).

    version 0001 | source (2) | destination (2) | length (2) | APDU

Source and destination are the service access points of client and meter. What a converter puts between (a heartbeat, the
rest of a broken answer) is skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..exchange import Answer, Conversation, Exchange, Skipped

T = TypeVar("T")

VERSION = b"\x00\x01"
HEADER = 8
RELEASED = (b"\x63", b"\xd8", b"\x0e")
"""How answers to a release begin: RLRE, and the exceptions of a meter that holds no association."""


@dataclass(frozen=True)
class Wrapped:
    """One APDU in its wrapper."""

    source: int
    destination: int
    apdu: bytes

    def encode(self) -> bytes:
        """Return the bytes. Raises ValueError if the APDU is too long."""
        if len(self.apdu) > 0xFFFF:
            raise ValueError(f"an APDU of {len(self.apdu)} bytes: more than 65535")
        header = (self.source, self.destination, len(self.apdu))
        return VERSION + b"".join(each.to_bytes(2) for each in header) + self.apdu


class WrappedStream:
    """APDUs from one source to one destination out of a stream of bytes. `longest`: of an APDU; a header that speaks of
    more is none. `others`: how many bytes are no such APDU, or not whole yet.
    """

    def __init__(self, source: int, destination: int, longest: int) -> None:
        self._begin = VERSION + source.to_bytes(2) + destination.to_bytes(2)
        self._data, self._longest = bytearray(), longest
        self.others = 0

    def feed(self, received: bytes) -> list[bytes]:
        """Take up the next bytes. Returns the APDUs that are whole now."""
        self._data += received
        self.others += len(received)
        apdus, at = [], 0
        while (start := self._data.find(self._begin, at)) >= 0 and len(self._data) >= start + HEADER:
            length = int.from_bytes(self._data[start + 6 : start + HEADER])
            if not 0 < length <= self._longest:
                at = start + 1
            elif len(self._data) >= start + HEADER + length:
                at = start + HEADER + length
                apdus.append(bytes(self._data[start + HEADER : at]))
                self.others -= HEADER + length
            else:
                break
        keep = start if start >= 0 else max(at, len(self._data) - len(self._begin) + 1)
        del self._data[:keep]
        return apdus


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
