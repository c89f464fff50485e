"""A frame of DL/T 645, which both editions share, and how frames are found in a stream.

::

    FE ...   68   A0 A1 A2 A3 A4 A5   68   C   L   DATA   CS   16
     |        |           |            |   |   |    |      |    |
     |      start      address       start |   |    |      |   end
     |             low byte first,         |   |    |      |
    wake-up bytes  two BCD digits each     |   |    |    sum of all bytes from the first 68, modulo 256
    (0 to 4, also                          |   |    |
    more; part of                          |   |   L bytes, each sent with 33 added
    no frame)                              |  length of DATA
                                     control byte: 80 answer, 40 error, 20 more follows, 1F function

A frame ends by its length. 16 may stand anywhere in it, and 68 too. So where 68 stands and no frame follows, the search
goes on at the next byte, and nothing else is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass

START, END, WAKE, OFFSET = 0x68, 0x16, 0xFE, 0x33
ANSWER, ERROR, MORE, FUNCTION = 0x80, 0x40, 0x20, 0x1F
HEADER = 10
"""Bytes of a frame before DATA."""
FRAME = 12
"""Bytes of a frame without DATA."""
LONGEST = FRAME + 255
ADDRESS = 6
"""Bytes of an address."""
WILD = "AA" * ADDRESS
"""The address by which any meter is asked; the answer has the meter's own."""
BROADCAST = "99" * ADDRESS
"""The address of all meters; none of them answers."""

_ADDED = bytes((each + OFFSET) & 0xFF for each in range(256))
_TAKEN_OFF = bytes((each - OFFSET) & 0xFF for each in range(256))


@dataclass(frozen=True)
class Frame:
    """One frame. `address`: 12 hexadecimal digits in the order in which people read them. `control`: the control byte.
    `data`: the data field, after 33 was taken off each byte, low byte first.
    """

    address: str
    control: int
    data: bytes = b""

    @property
    def function(self) -> int:
        """Return the function, without the bits that say what the frame is."""
        return self.control & FUNCTION

    @property
    def is_answer(self) -> bool:
        """Return whether a meter sent the frame."""
        return bool(self.control & ANSWER)

    @property
    def is_error(self) -> bool:
        """Return whether it is an answer that refuses."""
        return bool(self.control & ERROR)

    @property
    def more_follows(self) -> bool:
        """Return whether the answer has further frames, which must be asked for."""
        return bool(self.control & MORE)

    def encode(self, wake: int = 0) -> bytes:
        """Return the frame's bytes after `wake` wake-up bytes. Raises ValueError if the address is not 12 hexadecimal
        digits, or the data field is longer than 255 bytes.
        """
        address = bytes.fromhex(self.address)[::-1]
        if len(address) != ADDRESS:
            raise ValueError(f"address: {self.address!r} is not 12 digits")
        head = bytes((START, *address, START, self.control, len(self.data)))
        body = head + self.data.translate(_ADDED)
        return bytes((WAKE,)) * wake + body + bytes((sum(body) & 0xFF, END))


class DamagedFrame(ValueError):
    """Bytes that are no frame. The message says why."""


def decode_frame(raw: bytes) -> Frame:
    """Return the frame that `raw` is, without wake-up bytes. Raises DamagedFrame."""
    if len(raw) < FRAME or raw[0] != START or raw[7] != START:
        raise DamagedFrame("no frame begins here")
    end = FRAME + raw[9]
    if len(raw) != end:
        raise DamagedFrame(f"length: {end} bytes by its length field, {len(raw)} came")
    if raw[-1] != END:
        raise DamagedFrame("end byte is not 16")
    if (computed := sum(raw[:-2]) & 0xFF) != raw[-2]:
        raise DamagedFrame(f"checksum: computed {computed:02X}, frame says {raw[-2]:02X}")
    return Frame(raw[6:0:-1].hex().upper(), raw[8], raw[HEADER:-2].translate(_TAKEN_OFF))


class FrameParser:
    """Finds frames in a stream, in the order in which they begin. It keeps less than one frame of what arrived.

    `stray`: how many bytes were skipped that belong to no frame, wake-up bytes left out. `damaged`: how many of them
    began like a frame whose checksum or end was wrong.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.stray = 0
        self.damaged = 0

    @property
    def waiting(self) -> int:
        """Return how many bytes of a frame that is not whole yet have arrived."""
        return len(self._buffer)

    def feed(self, received: bytes) -> list[Frame]:
        """Take up the next bytes that arrived. Returns the frames that they complete."""
        self._buffer += received
        return self._scan(is_end=False)

    def end(self) -> list[Frame]:
        """Return the frames that stand behind the beginning of one that will never be whole: nothing more arrives."""
        return self._scan(is_end=True)

    def _scan(self, is_end: bool) -> list[Frame]:
        frames: list[Frame] = []
        buffer, at = bytes(self._buffer), 0
        while at < len(buffer):
            start = buffer.find(START, at)
            if start < 0:
                start = len(buffer)
            self.stray += start - at - buffer.count(WAKE, at, start)
            at = start
            size = _size(buffer[at : at + HEADER])
            if at + size > len(buffer) and not is_end:
                break
            try:
                frames.append(decode_frame(buffer[at : at + size]))
                at += size
            except DamagedFrame:
                if at < len(buffer):
                    self.stray += 1
                    self.damaged += size >= FRAME
                    at += 1
        del self._buffer[:at]
        return frames


def _size(head: bytes) -> int:
    """Return how many bytes are needed to tell whether a frame begins with `head`, at most 10 bytes."""
    if len(head) > 7 and head[7] != START:
        return 1
    return FRAME + head[9] if len(head) == HEADER else HEADER
