"""The frames of Modbus, found in a stream of bytes.

On a serial line, and on TCP through a converter that passes bytes on (RTU):

    +------+----------+------+-----+
    | unit | function | data | CRC |     The CRC is over all before it, its low byte first.
    +------+----------+------+-----+
       1        1         n      2

Over TCP in the protocol's own form, `length` counts what follows it:

    +-------------+-----+--------+------+----------+------+
    | transaction |  0  | length | unit | function | data |
    +-------------+-----+--------+------+----------+------+
           2         2      2       1        1         n

A frame has no mark at its beginning or its end. Its length follows from its function. The CRC, or over TCP the length,
shows whether bytes are a frame; so one is looked for at each byte. Function and data have these forms, n counts bytes:

    function                          question                          answer
    1, 2    read coils, inputs        address 2, count 2                n 1, bits n
    3, 4    read registers            address 2, count 2                n 1, registers n
    5       write coil                address 2, FF00 or 0000           the same
    6       write register            address 2, value 2                the same
    15, 16  write coils, registers    address 2, count 2, n 1, values n  address 2, count 2
    all     refused                                                     function + 80 hex, code 1

Source: MODBUS Application Protocol Specification 1.1b3, MODBUS over Serial Line 1.02 (modbus.org). Encoding and CRC are
pymodbus's; which bytes count as a frame is decided here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, IntEnum

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU

LONGEST_PDU = 253
"""Bytes of function and data, at most."""


class Function(IntEnum):
    """The functions that are spoken here."""

    READ_COILS = 1
    READ_DISCRETE_INPUTS = 2
    READ_HOLDING_REGISTERS = 3
    READ_INPUT_REGISTERS = 4
    WRITE_COIL = 5
    WRITE_REGISTER = 6
    WRITE_COILS = 15
    WRITE_REGISTERS = 16


FUNCTIONS = frozenset(int(each) for each in Function)
REFUSED = 0x80
"""The bit of the function by which an answer says that the question was refused."""
READS = (
    Function.READ_COILS,
    Function.READ_DISCRETE_INPUTS,
    Function.READ_HOLDING_REGISTERS,
    Function.READ_INPUT_REGISTERS,
)


class Side(Enum):
    """Who sends a frame: who asks, or who answers."""

    QUESTION = "question"
    ANSWER = "answer"


@dataclass(frozen=True)
class Frame:
    """An intact frame. `pdu`: its function and data. `transaction`: 0 on a serial line."""

    side: Side
    unit: int
    pdu: bytes
    transaction: int = 0

    @property
    def function(self) -> int:
        """Return the function, with the bit `REFUSED` if it is set."""
        return self.pdu[0]


def pdu_length(side: Side, head: bytes) -> int | None:
    """Return how many bytes function and data have, by their first bytes; None if the function is unknown. If `head` is
    too short to tell, return how many bytes it must have before more can be told.
    """
    if not head:
        return 1
    function = head[0]
    if side is Side.ANSWER and function ^ REFUSED in FUNCTIONS:
        return 2
    if function in READS and side is Side.ANSWER:
        return 2 + head[1] if len(head) > 1 else 2
    if function in (Function.WRITE_COILS, Function.WRITE_REGISTERS) and side is Side.QUESTION:
        return 6 + head[5] if len(head) > 5 else 6
    return 5 if function in FUNCTIONS else None


def crc(data: bytes) -> bytes:
    """Return the CRC over `data`, as it is sent."""
    return FramerRTU.compute_CRC(data).to_bytes(2, "big")


class Framing(ABC):
    """How function and data are packed.

    `counts`: whether question and answer bear a transaction number. `beside`: how many bytes a frame has beside function
    and data. `units`: the addresses that units may have.
    """

    counts: bool
    beside: int
    units: range

    @abstractmethod
    def pack(self, unit: int, pdu: bytes, transaction: int) -> bytes:
        """Return the frame."""

    @abstractmethod
    def read(self, buffer: bytes, at: int, side: Side) -> Frame | int | None:
        """Return the frame that begins at the place `at` of the buffer; None if none does. If that can't be told yet,
        return how long the buffer must be before it is looked at again.
        """


class Rtu(Framing):
    """Frames of a serial line: with a CRC."""

    counts = False
    beside = 3
    units = range(1, 248)

    def pack(self, unit: int, pdu: bytes, transaction: int) -> bytes:
        """Return the frame; `transaction` is not sent."""
        return FramerRTU(DecodePDU(False)).encode(pdu, unit, transaction)

    def read(self, buffer: bytes, at: int, side: Side) -> Frame | int | None:
        """Return the frame that begins at `at`: its CRC is right."""
        length = pdu_length(side, buffer[at + 1 : at + 7])
        if length is None or length > LONGEST_PDU:
            return None
        end = at + 1 + length
        if len(buffer) < end:
            return end
        if len(buffer) < end + 2:
            return end + 2
        if crc(buffer[at:end]) != buffer[end : end + 2]:
            return None
        return Frame(side, buffer[at], buffer[at + 1 : end])


class Tcp(Framing):
    """Frames of Modbus TCP. `counts`: False at a gateway that does not send the transaction number of the question back;
    then nothing but time tells an answer from the answer of the question before.
    """

    beside = 7
    units = range(256)

    def __init__(self, counts: bool = True) -> None:
        self.counts = counts

    def pack(self, unit: int, pdu: bytes, transaction: int) -> bytes:
        """Return the frame."""
        return FramerSocket(DecodePDU(False)).encode(pdu, unit, transaction)

    def read(self, buffer: bytes, at: int, side: Side) -> Frame | int | None:
        """Return the frame that begins at `at`: its length is that of its function."""
        head = buffer[at : at + 6]
        if any(head[2:4]):
            return None
        if len(head) < 6:
            return len(buffer) + 1
        length = int.from_bytes(head[4:], "big") - 1
        if not 2 <= length <= LONGEST_PDU:
            return None
        end, head_end = at + 7 + length, at + 6 + min(7, length + 1)
        if len(buffer) < head_end:
            return head_end
        if pdu_length(side, buffer[at + 7 : head_end]) != length:
            return None
        if len(buffer) < end:
            return end
        body = buffer[at + 6 : end]
        return Frame(side, body[0], body[1:], int.from_bytes(head[:2], "big"))


class FrameStream:
    """The intact frames of a stream, in the order in which they end.

    A frame is looked for at each byte, but not inside a frame that stands whole in the buffer. At each place one waits
    until enough bytes have come to decide; 260 are always enough. So the work is linear in the bytes, and the buffer is
    bounded.
    """

    def __init__(self, framing: Framing, sides: tuple[Side, ...]) -> None:
        self._framing, self._sides = framing, sides
        self._buffer = b""
        self._places: list[tuple[int, int]] = []
        self.strays = 0
        """How many bytes belong to no frame that is whole."""

    def feed(self, received: bytes) -> list[Frame]:
        """Take up the next bytes, and return the frames that are whole now."""
        self._places += [(place, 0) for place in range(len(self._buffer), len(self._buffer) + len(received))]
        self._buffer += received
        self.strays += len(received)
        undecided: list[tuple[int, int]] = []
        frames: list[Frame] = []
        end = 0
        for place, until in self._places:
            if place < end:
                continue
            frame = self._look(place) if until <= len(self._buffer) else until
            if isinstance(frame, Frame):
                frames.append(frame)
                end = place + len(frame.pdu) + self._framing.beside
                self.strays -= end - place
            elif frame is not None:
                undecided.append((place, frame))
        done = undecided[0][0] if undecided else len(self._buffer)
        self._buffer = self._buffer[done:]
        self._places = [(place - done, until - done) for place, until in undecided]
        return frames

    def _look(self, place: int) -> Frame | int | None:
        """Return what `Framing.read` says of a place, from whichever side."""
        seen = [self._framing.read(self._buffer, place, side) for side in self._sides]
        frame = next((each for each in seen if isinstance(each, Frame)), None)
        return frame or min((each for each in seen if isinstance(each, int)), default=None)
