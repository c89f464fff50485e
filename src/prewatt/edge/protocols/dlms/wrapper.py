"""An APDU in the bytes of TCP (IEC 62056-47, the wrapper).

    version 0001 | source (2) | destination (2) | length (2) | APDU

Source and destination are the service access points of client and meter. What a converter puts between (a heartbeat, the
rest of a broken answer) is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = b"\x00\x01"
HEADER = 8


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
