"""The codecs of meters' protocols: bytes a second that are parsed and built, what a stream costs that is made to keep a parser
busy, and mutated frames (`python -m bench.codecs 1000000`): none may crash or hang a parser, and none may give a wrong value.

The frames are answers of played meters to readings of register and switch, with an echo, noise and answers of other meters
between. Some are mutated: bits turned, bytes lost, added, exchanged or doubled, frames cut and joined. A mutation may be
lucky, and pass its checksum: that of DL/T 645 is a sum of eight bits. By bytes alone nobody can tell such a frame from a right
one. It is recognised here by a search of its own for intact frames that no meter sent, and counted apart.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.bus import KINDS, Kind, Load, played_meter
from bench.measure import best
from prewatt.edge.conversations.protocol import Conversations
from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.dlms.hdlc import Frame as HdlcFrame
from prewatt.edge.protocols.dlms.hdlc import FrameStream as HdlcStream
from prewatt.edge.protocols.dlms.hdlc import check_sequence
from prewatt.edge.protocols.dlms.wrapper import Wrapped, WrappedStream
from prewatt.edge.protocols.dlt645.frame import Frame as Dlt645Frame
from prewatt.edge.protocols.dlt645.frame import FrameParser
from prewatt.edge.protocols.errors import NoAnswer, ProtocolError
from prewatt.edge.protocols.exchange import Exchange
from prewatt.edge.protocols.modbus_frames import FrameStream as ModbusStream
from prewatt.edge.protocols.modbus_frames import Framing, Rtu, Side, Tcp, crc
from prewatt.kernel.units import SECOND

FRAMES = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 20_000
SEED = 645
SLOWEST_S = 1.0
"""A frame that takes longer counts as one that hangs a parser."""
REGISTER, OTHER = 1_234_560, 7_654_320
"""Wh. What the meter has, and what its neighbour has."""
BEGIN = 1_767_225_600 * SECOND
COUNT = 2_000
ERRORS_MOST = 50
"""In a row."""


# Speed


@dataclass(frozen=True)
class Codec:
    """A codec: how a stream is parsed, how a frame is built, and a stream that costs the parser most."""

    name: str
    parser: Callable[[], Any]
    build: Callable[[], bytes]
    worst: bytes


def codecs() -> Iterator[Codec]:
    dlt645 = Dlt645Frame("000000000001", 0x91, bytes.fromhex("0000010056341200"))
    yield Codec("DL/T 645", FrameParser, lambda: dlt645.encode(4), (b"\x68" * 9 + b"\xff") * 200)
    framings: tuple[tuple[str, Framing, bytes], ...] = (
        ("Modbus RTU", Rtu(), b"\x01\x03\xfb\x03\xfb\x01\x10" * 300),
        ("Modbus TCP", Tcp(), b"\0\0\0\0\0\xfc\1\3\xf9" * 300),
    )
    for name, framing, worst in framings:
        pdu = bytes((3, 8)) + bytes(range(8))
        yield Codec(
            name,
            lambda framing=framing: ModbusStream(framing, (Side.ANSWER, Side.QUESTION)),
            lambda framing=framing, pdu=pdu: framing.pack(1, pdu, 7),
            worst,
        )
    hdlc = HdlcFrame(b"\x03", b"\x02\x23", 0x30, bytes.fromhex("E6E700C401C1000600195C16"))
    header = bytes.fromhex("A7FF032310")
    yield Codec("HDLC", HdlcStream, hdlc.encode, (b"\x7e" + header + check_sequence(header)) * 250)
    wrapped = Wrapped(1, 1, bytes(40))
    yield Codec("DLMS wrapper", lambda: WrappedStream(1, 1, 2048), wrapped.encode, b"\0\1\0\1\0\1\0\x30" * 250)


def speed(codec: Codec) -> None:
    frame = codec.build()
    stream = frame * COUNT

    def parse() -> None:
        parser = codec.parser()
        found = sum(len(parser.feed(stream[at : at + 256])) for at in range(0, len(stream), 256))
        assert found == COUNT, found

    def build() -> None:
        for _ in range(COUNT):
            codec.build()

    def suffer() -> None:
        parser = codec.parser()
        for at in range(0, len(codec.worst), 64):
            parser.feed(codec.worst[at : at + 64])

    rates = [len(stream) / best(parse), len(stream) / best(build), len(codec.worst) / best(suffer)]
    print(
        f"{codec.name + ', frames of ' + str(len(frame)) + ' bytes':<34} parsed {rates[0]:>10,.0f} B/s   "
        f"built {rates[1]:>10,.0f} B/s   worst stream {rates[2]:>10,.0f} B/s   (a line of 115,200 baud: 10,473)"
    )


# Mutated frames


def intact_dlt645(data: bytes) -> set[bytes]:
    """Return all that has the form of a frame of DL/T 645 and its checksum, wherever it begins."""
    found = set()
    for at in range(len(data) - 11):
        end = at + 12 + data[at + 9]
        is_form = data[at] == data[at + 7] == 0x68 and end <= len(data) and data[end - 1] == 0x16
        if is_form and sum(data[at : end - 2]) % 256 == data[end - 2]:
            found.add(data[at:end])
    return found


def intact_modbus(data: bytes) -> set[bytes]:
    """Return all that has a right CRC of Modbus and the length of an answer of the meter that is asked."""
    return {
        data[at : at + size]
        for at in range(len(data) - 4)
        if data[at : at + 2] in (b"\1\3", b"\1\x83")
        for size in {5, 5 + data[at + 2]}
        if at + size <= len(data) and crc(data[at : at + size - 2]) == data[at + size - 2 : at + size]
    }


def intact_hdlc(data: bytes) -> set[bytes]:
    """Return all that has the form of an HDLC frame and its check sequence."""
    found = set()
    for at in range(len(data) - 8):
        if data[at] == 0x7E and data[at + 1] & 0xF0 == 0xA0:
            end = at + 2 + ((data[at + 1] & 7) << 8 | data[at + 2])
            body = data[at + 1 : end - 3]
            if end <= len(data) and data[end - 1] == 0x7E and check_sequence(body) == data[end - 3 : end - 1]:
                found.add(data[at:end])
    return found


INTACT = {"DL/T 645": intact_dlt645, "Modbus RTU": intact_modbus, "DLMS": intact_hdlc}


class Mutator:
    """Spoils bytes, in ways that lines and converters do, and in ways that they do not."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def mutated(self, data: bytes, other: bytes) -> bytes:
        """Return `data`, spoiled in one to three ways. `other`: a frame of somebody else."""
        spoiled = bytearray(data)
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self._spoil(spoiled, other)
        return bytes(spoiled)

    def _spoil(self, data: bytearray, other: bytes) -> None:
        draw = self.random
        at, to = sorted((draw.randint(0, len(data)), draw.randint(0, len(data))))
        match draw.randrange(8):
            case 0 if data:
                data[at - 1] ^= 1 << draw.randrange(8)
            case 1 if data:
                data[at - 1] = draw.randrange(256)
            case 2:
                del data[at : at + draw.randint(1, 3)]
            case 3:
                data[at:at] = draw.randbytes(draw.randint(1, 6))
            case 4:
                data[at:at] = data[at:to]
            case 5:
                del data[at:]
            case 6:
                data[at:] = other[min(at, len(other)) :]
            case 7:
                data[at:to] = data[at:to][::-1]

    def pieces(self, data: bytes) -> list[bytes]:
        """Return `data`, cut anywhere."""
        cuts = sorted(self.random.randint(0, len(data)) for _ in range(self.random.randint(0, 3)))
        return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@dataclass
class Trial:
    """Meters of a kind whose answers are spoiled. `counts`: what came of it."""

    kind: Kind
    mutator: Mutator
    counts: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0

    def __post_init__(self) -> None:
        self.intact = next(find for name, find in INTACT.items() if self.kind.name.startswith(name))
        self.loads = [Load(REGISTER), Load(OTHER)]
        self.loads[1].closed = False
        self.ours = self._hang()
        self.errors = 0

    def _hang(self) -> Conversations:
        sides = [
            self.kind.hang(played_meter(load, number, lambda: BEGIN), number, lambda: BEGIN)
            for number, load in enumerate(self.loads, 1)
        ]
        self.meters = [meter for meter, _ in sides]
        self.neighbour = next(iter(sides[1][1].read_register()))
        return sides[0][1]

    def run(self, frames: int) -> None:
        """Read register and switch in turn until so many frames were mutated."""
        while self.counts["mutated"] < frames:
            self.is_lucky = False
            self._read(self.ours.read_register, REGISTER)
            self._read(self.ours.read_switch, True)

    def _read(self, conversation: Callable[[], Any], truth: object) -> None:
        self.is_lucky = False
        try:
            value = converse(conversation(), self._ask)
        except ProtocolError:
            self.counts["refused, or no answer"] += 1
            self.errors += 1
            if self.errors > ERRORS_MOST:
                # As at a start of the gateway: a lucky frame said that a password was refused, and none is tried again.
                self.ours, self.errors = self._hang(), 0
            return
        self.errors = 0
        if value == truth and type(value) is type(truth):
            self.counts["right"] += 1
        elif value is None:
            self.counts["no value"] += 1
        elif self.is_lucky:
            self.counts["wrong by a lucky checksum"] += 1
        else:
            self.counts["wrong"] += 1
            print(f"{self.kind.name}: {value!r} in place of {truth!r}: {self.stream.hex(' ')}")

    def _ask(self, exchange: Exchange[Any]) -> Any:
        draw = self.mutator.random
        own = b"".join(self.meters[0].feed(exchange.request))
        other = b"".join(self.meters[1].feed(self.neighbour.request)) or exchange.request
        sent = [exchange.request, own, other]
        stream = own
        if draw.random() < 0.5:
            self.counts["mutated"] += 1
            stream = self.mutator.mutated(own, other)
        if draw.random() < 0.2:
            stream = self.mutator.mutated(other, own) + stream
            self.counts["mutated"] += 1
        if draw.random() < 0.2:
            stream = exchange.request + stream
        self.stream = stream
        whole = set().union(*(self.intact(each) for each in sent))
        if self.intact(stream) - whole:
            self.is_lucky = True
            self.counts["with a lucky checksum"] += 1
        began = time.perf_counter()
        try:
            answer = None
            for piece in self.mutator.pieces(stream):
                answer = exchange.feed(piece)
                if answer is not None:
                    break
            answer = answer or exchange.end()
        finally:
            self.slowest_s = max(self.slowest_s, time.perf_counter() - began)
        if answer is None:
            raise NoAnswer(exchange.seen())
        return answer.value


def mutations(kind: Kind, frames: int) -> None:
    trial = Trial(kind, Mutator(SEED))
    began = time.perf_counter()
    trial.run(frames)
    counts = trial.counts
    print(
        f"{kind.name.split(',')[0]:<12} {counts['mutated']:>9,} frames mutated in {time.perf_counter() - began:.0f} s, "
        f"the slowest took {1000 * trial.slowest_s:.1f} ms; {counts['with a lucky checksum']:,} had a lucky checksum. "
        f"Of what was read, {counts['right']:,} right, {counts['refused, or no answer']:,} refused or without an answer, "
        f"{counts['no value']:,} without a value, {counts['wrong by a lucky checksum']:,} wrong by a lucky checksum, "
        f"{counts['wrong']:,} wrong (at most 0)"
    )
    assert not counts["wrong"], "a wrong value was taken"
    assert trial.slowest_s < SLOWEST_S, "a frame kept the parser busy"


def main() -> None:
    for codec in codecs():
        speed(codec)
    protocols = {kind.hang: kind for kind in KINDS}
    for kind in protocols.values():
        mutations(kind, -(-FRAMES // len(protocols)))


if __name__ == "__main__":
    main()
