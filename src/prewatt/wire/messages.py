"""The messages, and the signed frame they travel in. `docs/programmer/wire.md` documents every field.

A frame is a MessagePack array: version, kind, body, signature. The signature (Ed25519) covers the direction, the
version, the kind and the body. A body is a MessagePack map: a field that the reader does not know is ignored, one that
is missing takes its default. A frame of a newer version or of an unknown kind is refused, never a crash: the sender
will repeat what matters.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from ..kernel.entries import UNREADABLE
from ..kernel.fields import Balance, Instant, MeterName, Natural, Register, ShortText
from ..kernel.units import INT64_MAX

T = TypeVar("T")

VERSION = 1
MAX_FRAME = 900 * 1024
"""Largest frame in bytes: under the one mebibyte that brokers take by default."""
MAX_ENTRIES = 500
"""Most entries in one upload."""
MAX_UPLOAD = 512 * 1024
"""Most bytes of entries in one upload."""
MAX_METERS = 250
"""Most meters of one gateway."""
MAX_COMMANDS = 500
"""Most commands in one message."""
MAX_STATES = 512 * 1024
"""Most bytes of accounts in one message."""
MAX_INSTEAD = 256 * 1024
"""Most bytes of accounts beside the entries of an upload."""

LONGEST_LOOK = 60
"""Most seconds for which one message has a gateway look at meters."""

POWER_MOST = 10**9
"""Most W that a meter is said to draw, or to give back."""

Power = Annotated[int, Meta(ge=-POWER_MOST, le=POWER_MOST)]
"""W; under zero where it flows back."""
Hash = Annotated[bytes, Meta(max_length=32)]
"""A hash of a meter's chain; empty from software that does not say it."""
Session = Annotated[bytes, Meta(max_length=16)]
"""Drawn at random by each start of a gateway's process: so two that have the same key are told apart."""
Quantities = Annotated[
    dict[Annotated[str, Meta(max_length=32)], Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)]], Meta(max_length=32)
]


class MeterStatus(Struct, frozen=True):
    """How a meter stands. For showing at once; what is billed comes from the journal alone.

    `seq`: the journal's last entry, whose hash is `head`. `command`: the last command taken up. `closed`: where the
    switch stands, None if unknown. `quantities`: what it measures beside its register (`kernel.quantities`), by name, where
    limits are set to any.
    """

    meter: MeterName
    seq: Natural
    at: Instant
    balance: Balance
    register: Register | None
    closed: bool | None
    command: Natural
    head: Hash = b""
    quantities: Quantities = msgspec.field(default_factory=dict)


class Status(Struct, frozen=True, tag_field="kind", tag="status"):
    """Presence, sent on connecting and every few seconds after. `meters`: those that changed since the last one; all
    of them when `fresh`.

    `epoch` counts the gateway's starts and `number` its messages since: a later message has a greater pair.
    """

    gateway: str
    epoch: Natural
    number: Natural
    at: Instant
    fresh: bool = False
    meters: Annotated[tuple[MeterStatus, ...], Meta(max_length=MAX_METERS)] = ()
    session: Session = b""


class Span(Struct, frozen=True):
    """Consecutive entries of one meter's journal from `first` on, as the bytes that were hashed. `before`: the hash that
    the first one continues.
    """

    meter: MeterName
    first: Annotated[int, Meta(ge=1, le=2**62)]
    bodies: Annotated[tuple[bytes, ...], Meta(max_length=MAX_ENTRIES)]
    before: Hash = b""


class MeterState(Struct, frozen=True):
    """A meter's account (`kernel.account.Account.dump`) as it is after entry `seq`, whose hash is `head`. `damaged`: the
    entries that were asked for are in this gateway's journal, and can't be read.
    """

    meter: MeterName
    seq: Natural
    head: Annotated[bytes, Meta(min_length=32, max_length=32)]
    account: Annotated[bytes, Meta(max_length=MAX_STATES)]
    damaged: bool = False


class Upload(Struct, frozen=True, tag_field="kind", tag="upload"):
    """A piece of the journals. `late`: how many entries at the front of each span were written before this connection
    was made. `states`: how meters stand of which entries were asked for that this gateway does not have.
    """

    gateway: str
    epoch: Natural
    number: Natural
    spans: Annotated[tuple[Span, ...], Meta(max_length=MAX_METERS)]
    late: Annotated[tuple[Natural, ...], Meta(max_length=MAX_METERS)] = ()
    session: Session = b""
    states: Annotated[tuple[MeterState, ...], Meta(max_length=MAX_METERS)] = ()


class LiveMeter(Struct, frozen=True):
    """How a meter that is looked at stood at `at`. For showing: it is in no journal, and nothing is billed by it.

    `register`, `power` (W) and `closed` are as the meter told them, None where it can't; `balance` is what the account
    comes to by this register, None where that can't be true. `cause`: why the meter could not be read; empty if it was.
    """

    meter: MeterName
    at: Instant
    register: Natural | None = None
    power: Power | None = None
    closed: bool | None = None
    balance: Balance | None = None
    cause: ShortText = ""


class Live(Struct, frozen=True, tag_field="kind", tag="live"):
    """The meters that were looked at since the last such message, while a `Watch` lasts. Numbered with all others."""

    gateway: str
    epoch: Natural
    number: Natural
    session: Session
    meters: Annotated[tuple[LiveMeter, ...], Meta(max_length=MAX_METERS)]


class Head(Struct, frozen=True):
    """The head-end has committed a meter's journal up to `seq`, whose hash is `hash`. `resend`: go on from there,
    something is missing.
    """

    meter: MeterName
    seq: Natural
    hash: Annotated[bytes, Meta(min_length=32, max_length=32)]
    resend: bool = False


class Receipt(Struct, frozen=True, tag_field="kind", tag="receipt"):
    """Acknowledges what is committed, never sent before the commit. `at`: the server's time, 0 if it is not told.

    It names the message that it answers by `epoch`, `answers` (its number) and `session`. The answer to a fresh status
    tells the heads of all the gateway's meters. `known`, where it is not 0: the message was not accepted, as one of
    this epoch was before; the gateway goes on with a greater one.
    """

    gateway: str
    heads: Annotated[tuple[Head, ...], Meta(max_length=MAX_METERS)]
    epoch: Natural = 0
    answers: Natural = 0
    at: Instant = 0
    session: Session = b""
    known: Natural = 0


class States(Struct, frozen=True, tag_field="kind", tag="states"):
    """The gateway's journals of these meters are not continuations of what is committed here: it goes on from these
    states, as a gateway does that replaces another. Believed only as the answer to the message that it names. `at`: the
    server's time, 0 if it is not told.
    """

    gateway: str
    epoch: Natural
    answers: Natural
    session: Session
    states: Annotated[tuple[MeterState, ...], Meta(max_length=MAX_METERS)]
    at: Instant = 0


class Watch(Struct, frozen=True, tag_field="kind", tag="watch"):
    """Somebody looks at `meters`: the gateway reads them every few seconds and says how they stand (`Live`), and each of
    `once` one time. It names a message of this gateway's process by `epoch`, `answers` and `session`, and lasts for
    `lasts` seconds from when that was sent: said again, or late, it has nothing read for longer.
    """

    gateway: str
    epoch: Natural
    answers: Natural
    session: Session
    lasts: Annotated[int, Meta(ge=1, le=LONGEST_LOOK)]
    meters: Annotated[tuple[MeterName, ...], Meta(max_length=MAX_METERS)] = ()
    once: Annotated[tuple[MeterName, ...], Meta(max_length=MAX_METERS)] = ()


class SignedCommand(Struct, frozen=True):
    """A command of the credit log (`kernel.entries.Command` as bytes) with the server's signature."""

    body: bytes
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class Orders(Struct, frozen=True, tag_field="kind", tag="orders"):
    """Commands in the order of their numbers, for any of the gateway's meters."""

    gateway: str
    commands: Annotated[tuple[SignedCommand, ...], Meta(max_length=MAX_COMMANDS)]


Upward = Status | Upload | Live
Downward = Receipt | Orders | States | Watch


class WireError(ValueError):
    """A message is refused. `reason` is one of `REASONS`, for counting; the text says more."""

    def __init__(self, reason: str, text: str) -> None:
        assert reason in REASONS
        super().__init__(text)
        self.reason = reason


REASONS = {
    "oversized": "larger than the limit",
    "malformed": "not a message of this protocol",
    "newer": "of a newer version than this software",
    "signature": "wrongly signed",
    "unknown": "from a gateway that is not enrolled, or whose key is revoked",
    "foreign": "about a meter or gateway that is not the sender's",
    "replayed": "older than the last message of its sender",
    "chain": "entries that do not continue the journal stored here",
}


class Frame(Struct, frozen=True, array_like=True):
    """A signed message."""

    version: int
    kind: Annotated[str, Meta(max_length=32)]
    body: bytes
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


KINDS = {
    "status": Status, "upload": Upload, "live": Live,
    "receipt": Receipt, "orders": Orders, "states": States, "watch": Watch,
}  # fmt: skip

_encoder = msgspec.msgpack.Encoder()
_frame_decoder = msgspec.msgpack.Decoder(Frame)
_up_decoder: msgspec.msgpack.Decoder[Upward] = msgspec.msgpack.Decoder(Upward)
_down_decoder: msgspec.msgpack.Decoder[Downward] = msgspec.msgpack.Decoder(Downward)


def encode_body(message: Upward | Downward) -> tuple[str, bytes]:
    """Kind and body of a message."""
    return str(message.__struct_config__.tag), _encoder.encode(message)


def encode_frame(frame: Frame) -> bytes:
    """The frame's bytes. ValueError if they would be over the limit: a fault of the sender's, not of the data."""
    data = _encoder.encode(frame)
    if len(data) > MAX_FRAME:
        raise ValueError(f"a frame of {len(data)} bytes is over the limit of {MAX_FRAME}")
    return data


def decode_frame(data: bytes) -> Frame:
    """The frame of the bytes. WireError if oversized, malformed or of a newer version."""
    if len(data) > MAX_FRAME:
        raise WireError("oversized", f"{len(data)} bytes, the limit is {MAX_FRAME}")
    try:
        frame = _frame_decoder.decode(data)
    except UNREADABLE as error:
        # The first item alone tells whether the rest may be of a shape that is yet to come.
        if data[:1] and data[0] & 0xF0 == 0x90 and len(data) > 1 and VERSION < data[1] < 0x80:
            raise WireError("newer", f"version {data[1]}, this software knows {VERSION}") from None
        raise WireError("malformed", f"not a frame: {error}") from None
    if frame.version != VERSION:
        raise WireError("newer", f"version {frame.version}, this software knows {VERSION}")
    return frame


def decode_upward(frame: Frame) -> Upward:
    """The gateway's message in a frame. WireError if malformed or of a kind unknown here."""
    return _decode(_up_decoder, frame)


def decode_downward(frame: Frame) -> Downward:
    """The head-end's message in a frame. WireError if malformed or of a kind unknown here."""
    return _decode(_down_decoder, frame)


def _decode(decoder: msgspec.msgpack.Decoder[T], frame: Frame) -> T:
    if frame.kind not in KINDS:
        raise WireError("newer", f"kind {frame.kind!r} is not known to this software")
    try:
        message = decoder.decode(frame.body)
    except UNREADABLE as error:
        raise WireError("malformed", f"not a {frame.kind}: {error}") from None
    if frame.kind != message.__struct_config__.tag:  # type: ignore[attr-defined]
        raise WireError("malformed", f"a frame of kind {frame.kind!r} holds another kind")
    return message
