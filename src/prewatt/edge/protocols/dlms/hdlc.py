"""HDLC frames of DLMS/COSEM (IEC 62056-46, frame format type 3).

    7E | A | S | length | destination | source | control | HCS | information | FCS | 7E
         4   1     11     8, 16 or 32   same       8       16                  16        bits

The length counts all between the flags. The last byte of an address has bit 0 set, the others have not. S: another segment
of the same information follows. Without information there is no HCS. Both check sequences are CRC-16/X-25, low byte first:
the HCS over all from the format up to itself, the FCS over all from the format up to itself. A frame ends where its length
says, never at the first 7E: there is no stuffing, and 7E may stand inside.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import ProtocolError

FLAG = 0x7E
LONGEST = 2047
"""The most bytes between the flags."""
OVERHEAD = 17
"""The most bytes of a frame that are not its information: flags, format, two addresses, control, HCS and FCS."""
INFORMATION_DEFAULT = 128
"""The longest information field that both sides take if nothing else was agreed."""

SNRM, DISC, UA, DM, FRMR, UI = 0x93, 0x53, 0x73, 0x1F, 0x97, 0x13
"""Control fields with the poll/final bit. SNRM: set normal response mode. DISC: disconnect. UA: unnumbered acknowledge.
DM: disconnected mode. FRMR: frame reject. UI: unnumbered information.
"""
POLL = 0x10
OPEN_MOST = 16
"""The most flags that are taken for the beginning of a frame that is not whole yet; the last ones count. Without a
bound, a stream of nothing but beginnings would have to be checked again and again.
"""
_UNNUMBERED = {
    each & ~POLL: name
    for name, each in {"SNRM": SNRM, "DISC": DISC, "UA": UA, "DM": DM, "FRMR": FRMR, "UI": UI}.items()
}
_SUPERVISORY = {0x01: "RR", 0x05: "RNR"}


class FrameError(ProtocolError):
    """Bytes that are no frame. The message says why."""


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def check_sequence(data: bytes | bytearray) -> bytes:
    """Return the CRC-16/X-25 of `data`, low byte first."""
    # The same polynomial as CRC-CCITT's, with the bits of each byte and of the result in the other order.
    crc = crc_hqx(data.translate(_REVERSED), 0xFFFF) ^ 0xFFFF
    return crc.to_bytes(2, "big").translate(_REVERSED)


def client_address(client: int) -> bytes:
    """Return the address of a client (1 to 127) as it stands in a frame. Raises ValueError for any other number."""
    if not 1 <= client <= 0x7F:
        raise ValueError(f"client: {client} is no address from 1 to 127")
    return bytes((client << 1 | 1,))


def server_address(upper: int, lower: int, length: int) -> bytes:
    """Return the address of a meter as it stands in a frame. `upper`: the logical device in the meter. `lower`: the
    meter on the bus. `length`: 1 (the upper alone), 2 or 4 bytes. Raises ValueError if they do not fit.
    """
    most = {1: 0x7F, 2: 0x7F, 4: 0x3FFF}.get(length)
    if most is None:
        raise ValueError(f"address length: {length} bytes; it must be 1, 2 or 4")
    for name, part in (("logical", upper), ("physical", lower)):
        if not 0 <= part <= most:
            raise ValueError(f"{name} address: {part} is not from 0 to {most}, as an address of {length} bytes wants")
    parts = {1: (upper,), 2: (upper, lower), 4: (upper >> 7, upper & 0x7F, lower >> 7, lower & 0x7F)}[length]
    return bytes((*(part << 1 for part in parts[:-1]), parts[-1] << 1 | 1))


@dataclass(frozen=True)
class Frame:
    """One frame. `destination`, `source`: addresses as they stand in it. `control`: the control field. `segmented`: more
    of the same information follows.
    """

    destination: bytes
    source: bytes
    control: int
    information: bytes = b""
    segmented: bool = False

    @property
    def kind(self) -> str:
        """Return what the frame is, by its control field: `I`, `RR`, `RNR`, `SNRM`, `DISC`, `UA`, `DM`, `FRMR`, `UI`; empty
        for one that DLMS does not use.
        """
        if not self.control & 1:
            return "I"
        if not self.control & 2:
            return _SUPERVISORY.get(self.control & 0x0F, "")
        return _UNNUMBERED.get(self.control & ~POLL, "")

    @property
    def sent(self) -> int:
        """Return N(S), the number of an I frame, modulo 8."""
        return self.control >> 1 & 7

    @property
    def received(self) -> int:
        """Return N(R), the number of the I frame that the sender expects next, modulo 8."""
        return self.control >> 5

    def encode(self) -> bytes:
        """Return the frame with its flags. Raises ValueError if it is too long."""
        header_end = 2 + len(self.destination) + len(self.source) + 1
        length = header_end + (2 + len(self.information) if self.information else 0) + 2
        if length > LONGEST:
            raise ValueError(f"a frame of {length} bytes: more than {LONGEST}")
        form = (0xA000 | (0x0800 if self.segmented else 0) | length).to_bytes(2)
        body = form + self.destination + self.source + bytes((self.control,))
        if self.information:
            body += check_sequence(body) + self.information
        return bytes((FLAG,)) + body + check_sequence(body) + bytes((FLAG,))


def _address_end(data: bytes | bytearray, at: int, end: int) -> int | None:
    """Return where the address at `at` ends; None if it goes on behind `end`. Raises FrameError."""
    for length in (1, 2, 3, 4):
        if at + length > end:
            return None
        if data[at + length - 1] & 1:
            if length == 3:
                break
            return at + length
    raise FrameError("an address must have 1, 2 or 4 bytes")


class _Header(NamedTuple):
    """Where the parts of a frame stand in the data. `header_end`: behind its control field, where a check sequence follows if
    it has information. `end`: its closing flag.
    """

    destination_end: int
    control_at: int
    header_end: int
    end: int


def _header(data: bytes | bytearray, start: int) -> _Header | int:
    """Return where the parts of the frame stand whose opening flag is at `start`; if its header is not whole yet, how long
    `data` must be before more can be said. Raises FrameError if it is no header, or its length can't be.
    """
    if data[start] != FLAG:
        raise FrameError("it does not begin with 7E")
    here = len(data)
    if here - start < 2:
        return here + 1
    if data[start + 1] & 0xF0 != 0xA0:
        raise FrameError("its format is not that of type 3")
    if here - start < 3:
        return here + 1
    length = (data[start + 1] & 0x07) << 8 | data[start + 2]
    end = start + 1 + length
    destination_end = _address_end(data, start + 3, here)
    if destination_end is None:
        return here + 1
    control_at = _address_end(data, destination_end, here)
    if control_at is None or control_at >= here:
        return here + 1
    header_end = control_at + 1
    if end - 2 < header_end or header_end < end - 2 < header_end + 3:
        raise FrameError(f"its length, {length}, cannot be")
    return _Header(destination_end, control_at, header_end, end)


def _at(data: bytes | bytearray, start: int) -> tuple[Frame, int] | int:
    """Return the frame whose opening flag stands at `start`, and where its closing flag stands; if it is not whole yet, how
    long `data` must be before more can be said. What is wrong is seen as early as can be: a length or a header that is noise
    would have a parser wait for bytes that never come. Raises FrameError.
    """
    header = _header(data, start)
    if isinstance(header, int):
        return header
    here, (destination_end, control_at, header_end, end) = len(data), header
    if end - 2 > header_end:
        if here < header_end + 2:
            return header_end + 2
        if check_sequence(data[start + 1 : header_end]) != data[header_end : header_end + 2]:
            raise FrameError("the check sequence of its header (HCS) is wrong")
    if here <= end:
        return end + 1
    if data[end] != FLAG:
        raise FrameError("it does not end with 7E where its length says")
    if check_sequence(data[start + 1 : end - 2]) != data[end - 2 : end]:
        raise FrameError("its check sequence (FCS) is wrong")
    frame = Frame(
        bytes(data[start + 3 : destination_end]),
        bytes(data[destination_end:control_at]),
        data[control_at],
        bytes(data[header_end + 2 : end - 2]),
        bool(data[start + 1] & 0x08),
    )
    if not frame.kind:
        raise FrameError(f"its control field, {frame.control:02X}, is none of DLMS")
    return frame, end


def decode_frame(data: bytes) -> Frame:
    """Return the frame that `data` is, from flag to flag. Raises FrameError."""
    whole = _at(data, 0) if data else 1
    if isinstance(whole, int):
        raise FrameError("it is not whole")
    if whole[1] != len(data) - 1:
        raise FrameError("bytes follow its closing flag")
    return whole[0]


class FrameStream:
    """Frames out of a stream of bytes, with noise before, between and in them. A frame whose end was lost does not take
    the next one with it: whichever whole frame comes first counts. `others`: how many bytes are no frame, or not whole yet.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._open: list[tuple[int, int]] = []
        """Where flags stand that may open a frame which is not whole yet, and how much must be there before it is looked at
        again.
        """
        self._searched = self._counted = 0
        self.others = 0

    def feed(self, received: bytes) -> list[Frame]:
        """Take up the next bytes. Returns the frames that are whole now."""
        self._data += received
        self.others += len(received)
        frames: list[Frame] = []
        known, self._open, taken = deque(self._open), [], -1
        while True:
            if known:
                start, length = known.popleft()
            elif (start := self._data.find(FLAG, self._searched)) >= 0:
                self._searched, length = start + 1, 0
            else:
                break
            if start < taken:
                continue
            if length > len(self._data):
                self._open.append((start, length))
                continue
            try:
                whole = _at(self._data, start)
            except FrameError:
                continue
            if isinstance(whole, int):
                self._open.append((start, whole))
                continue
            frame, end = whole
            frames.append(frame)
            self.others -= end + 1 - max(start, self._counted)
            self._counted = end + 1
            # The closing flag may be the next frame's opening one.
            taken, self._searched, self._open = end, max(self._searched, end), []
        del self._open[:-OPEN_MOST]
        keep = self._open[0][0] if self._open else len(self._data)
        del self._data[:keep]
        self._open = [(start - keep, length - keep) for start, length in self._open]
        self._searched, self._counted = len(self._data), max(self._counted - keep, 0)
        return frames


_PARAMETERS = b"\x81\x80"
"""Format identifier and group identifier of HDLC parameters."""


@dataclass(frozen=True)
class Parameters:
    """What SNRM proposes and UA agrees on, from the sender's side. `transmit`, `receive`: the longest information field,
    in bytes. `transmit_window`, `receive_window`: how many frames are sent before an answer is awaited.
    """

    transmit: int = INFORMATION_DEFAULT
    receive: int = INFORMATION_DEFAULT
    transmit_window: int = 1
    receive_window: int = 1

    def encode(self) -> bytes:
        """Return the information field of SNRM or UA, lengths in 2 bytes where 1 is too few."""
        items = b"".join(
            bytes((name, size)) + value.to_bytes(size)
            for name, value, size in (
                (5, self.transmit, 1 if self.transmit < 256 else 2),
                (6, self.receive, 1 if self.receive < 256 else 2),
                (7, self.transmit_window, 4),
                (8, self.receive_window, 4),
            )
        )
        return _PARAMETERS + bytes((len(items),)) + items


def decode_parameters(information: bytes) -> Parameters:
    """Return the parameters in the information field of SNRM or UA. What does not stand there, or cannot be, has its
    default.
    """
    defaults = Parameters()
    if information[:2] != _PARAMETERS or len(information) < 3:
        return defaults
    values: dict[int, int] = {}
    rest = information[3 : 3 + information[2]]
    while len(rest) >= 2:
        name, size = rest[0], rest[1]
        values[name], rest = int.from_bytes(rest[2 : 2 + size]), rest[2 + size :]
    lengths = [values.get(name, 0) if 1 <= values.get(name, 0) <= LONGEST else INFORMATION_DEFAULT for name in (5, 6)]
    return Parameters(*lengths, *(values.get(name, 1) for name in (7, 8)))
