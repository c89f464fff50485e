"""The messages, and the signed frame they travel in. `docs/programmer/wire.md` documents every field.

A frame is a MessagePack array: version, kind, body, signature. The signature (Ed25519) covers the direction, the
version, the kind and the body. A body is a MessagePack map: a field that the reader does not know is ignored, one that
is missing takes its default. A frame of a newer version or of an unknown kind is refused, never a crash: the sender
will repeat what matters.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ..kernel.decoding import UNREADABLE, decode_storable
from ..kernel.fields import Balance, Instant, MeterName, Natural, Register, ShortText
from ..kernel.units import INT64_MAX

T = TypeVar("T")

VERSION = 1
MAX_FRAME = 900 * 1024
"""The largest frame in bytes: less than the one mebibyte that brokers accept by default."""
MAX_ENTRIES = 500
"""The most entries in one upload."""
MAX_UPLOAD = 512 * 1024
"""The most bytes of entries in one upload."""
MAX_METERS = 250
"""The most meters of one gateway."""
MAX_LINES = 64
"""The most lines of meters of one gateway."""
LONGEST_NAME, LONGEST_WORDS = 64, 200
"""The most characters of the name of a line, and of what is said of it."""
MAX_COMMANDS = 500
"""The most commands in one message."""
MAX_STATES = 512 * 1024
"""The most bytes of accounts in one message."""
MAX_INSTEAD = 256 * 1024
"""The most bytes of accounts beside the entries of an upload."""

MAX_REVOKED_BYTES = 15 * 1024
"""The most bytes of a list of revoked grants: a phone can carry it, too (`on_site.MAX_MESSAGE`)."""

LONGEST_LOOK = 60
"""The most seconds for which one message makes a gateway watch meters."""

POWER_MOST = 10**9
"""The highest power (W) that a meter is reported to draw or feed back."""

EPOCH_MOST = 2**61
"""No gateway starts so often. A greater epoch was made up by somebody who has its key. If it were believed, no greater
one would be left, not even for the gateway's next key.
"""

Power = Annotated[int, Meta(ge=-POWER_MOST, le=POWER_MOST)]
"""Power in W; it is negative where power flows back."""
Number = Annotated[int, Meta(ge=0, le=2**62)]
"""The number of an entry or a command, so bounded that all numbers that follow can be stored, too."""
Hash = Annotated[bytes, Meta(max_length=32)]
"""A hash of a meter's chain; empty from software that does not send it."""
Session = Annotated[bytes, Meta(max_length=16)]
"""Random bytes, drawn at each start of a gateway's process, which tell two gateways with the same key apart."""
Quantities = Annotated[
    dict[Annotated[str, Meta(max_length=32)], Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)]], Meta(max_length=32)
]


class MeterStatus(Struct, frozen=True):
    """The present state of a meter, to be shown at once; what is billed comes from the journal alone.

    `seq`: the last entry of the journal, whose hash is `head`. `command`: the last command taken up. `closed`: whether
    the switch is closed, None if unknown. `quantities`: what it measures beside its register (`kernel.quantities`), by
    name, if there are limits for any. `switch`: how far the last order to the switch is
    (`kernel.switching.SwitchProgress`), empty if unknown.
    """

    meter: MeterName
    seq: Number
    at: Instant
    balance: Balance
    register: Register | None
    closed: bool | None
    command: Number
    head: Hash = b""
    quantities: Quantities = msgspec.field(default_factory=dict)
    switch: Annotated[str, Meta(max_length=32)] = ""


class LineStatus(Struct, frozen=True):
    """A line of meters that is in trouble as a whole. `trouble`: `gone` if its port can't be used, `silent` if none of its
    meters answers, `broken` if answers come broken. `meters`: those that hang there. `why`: what the port said last.
    """

    name: Annotated[str, Meta(max_length=LONGEST_NAME)]
    port: Annotated[str, Meta(max_length=LONGEST_WORDS)]
    trouble: Annotated[str, Meta(max_length=16)]
    meters: Annotated[tuple[MeterName, ...], Meta(max_length=MAX_METERS)]
    why: Annotated[str, Meta(max_length=LONGEST_WORDS)] = ""


class Status(Struct, frozen=True, tag_field="kind", tag="status"):
    """The sign of life, sent on connecting and every few seconds after. `meters`: those that changed since the last
    status, or all of them if `fresh` is set.

    `epoch` counts the gateway's starts and `number` its messages since: a later message has a greater pair. `lines`:
    the lines that are in trouble as a whole; it is left out if there are none. `revocations`: the number of the list of
    revoked grants that the gateway has stored (0: none); it is left out if it was told before on this connection, and
    by software that knows no such lists.
    """

    gateway: str
    epoch: Natural
    number: Natural
    at: Instant
    fresh: bool = False
    meters: Annotated[tuple[MeterStatus, ...], Meta(max_length=MAX_METERS)] = ()
    session: Session = b""
    lines: Annotated[tuple[LineStatus, ...], Meta(max_length=MAX_LINES)] | UnsetType = UNSET
    revocations: Natural | UnsetType = UNSET


class Span(Struct, frozen=True):
    """Consecutive entries of one meter's journal from the number `first` on, as the bytes that were hashed. `before`:
    the hash that the first one continues.
    """

    meter: MeterName
    first: Annotated[int, Meta(ge=1, le=2**62)]
    bodies: Annotated[tuple[bytes, ...], Meta(max_length=MAX_ENTRIES)]
    before: Hash = b""


class MeterState(Struct, frozen=True):
    """A meter's account (`kernel.account.Account.dump`) after entry `seq`, whose hash is `head`. `damaged`: the entries
    that were asked for are in this gateway's journal, but cannot be read.
    """

    meter: MeterName
    seq: Number
    head: Annotated[bytes, Meta(min_length=32, max_length=32)]
    account: Annotated[bytes, Meta(max_length=MAX_STATES)]
    damaged: bool = False


class Upload(Struct, frozen=True, tag_field="kind", tag="upload"):
    """A part of the journals. `late`: how many entries at the front of each span were written before this connection
    began. `states`: the states of meters whose entries were asked for and that this gateway does not have.
    """

    gateway: str
    epoch: Natural
    number: Natural
    spans: Annotated[tuple[Span, ...], Meta(max_length=MAX_METERS)]
    late: Annotated[tuple[Natural, ...], Meta(max_length=MAX_METERS)] = ()
    session: Session = b""
    states: Annotated[tuple[MeterState, ...], Meta(max_length=MAX_METERS)] = ()


class LiveMeter(Struct, frozen=True):
    """The state of a watched meter at the instant `at`. It is only shown: it is in no journal, and nothing is billed by
    it.

    `register` (Wh), `power` (W) and `closed` are what the meter reported, None if it cannot report it; `balance` (nano)
    is the account's balance at this register, None if the register cannot be true. `cause`: why the meter could not be
    read; empty if it was.
    """

    meter: MeterName
    at: Instant
    register: Natural | None = None
    power: Power | None = None
    closed: bool | None = None
    balance: Balance | None = None
    cause: ShortText = ""


class Live(Struct, frozen=True, tag_field="kind", tag="live"):
    """The meters that were read since the last such message, while a `Watch` lasts. It is numbered with all other
    messages.
    """

    gateway: str
    epoch: Natural
    number: Natural
    session: Session
    meters: Annotated[tuple[LiveMeter, ...], Meta(max_length=MAX_METERS)]


class Head(Struct, frozen=True):
    """The head-end has committed a meter's journal up to `seq`, whose hash is `hash`. `resend`: continue from there,
    because something is missing.
    """

    meter: MeterName
    seq: Natural
    hash: Annotated[bytes, Meta(min_length=32, max_length=32)]
    resend: bool = False


class Receipt(Struct, frozen=True, tag_field="kind", tag="receipt"):
    """The head-end acknowledges what it has committed; a receipt is never sent before the commit. `at`: the server's
    time, 0 if it is not given.

    It names the message that it answers by `epoch`, `answers` (its number) and `session`. The answer to a fresh status
    gives the heads of all the gateway's meters. If `known` is not 0, the message was not accepted, because one of the
    epoch `known` was accepted before; the gateway continues with a greater epoch.
    """

    gateway: str
    heads: Annotated[tuple[Head, ...], Meta(max_length=MAX_METERS)]
    epoch: Natural = 0
    answers: Natural = 0
    at: Instant = 0
    session: Session = b""
    known: Natural = 0


class States(Struct, frozen=True, tag_field="kind", tag="states"):
    """The states that the server sends when a gateway's journals do not fit its own, or the gateway is new. The gateway
    goes on from them. It believes them only as the answer to the message that they name. `at`: the server's time, 0 if
    it is not given.
    """

    gateway: str
    epoch: Natural
    answers: Natural
    session: Session
    states: Annotated[tuple[MeterState, ...], Meta(max_length=MAX_METERS)]
    at: Instant = 0


class Watch(Struct, frozen=True, tag_field="kind", tag="watch"):
    """Somebody watches `meters`: the gateway reads them every few seconds and reports them (`Live`), and reads each
    meter of `once` one time. It names a message of this gateway's process by `epoch`, `answers` and `session`, and
    lasts for `lasts` seconds from when that message was sent. So a repeated or late `Watch` does not last longer.
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


class Revoked(Struct, frozen=True, tag_field="kind", tag="revoked"):
    """The list of staff grants that are not valid any more at the gateway's property (`on_site.Revocations` as bytes),
    with the server's signature. It is sent until the gateway's status tells the list's number.
    """

    gateway: str
    body: Annotated[bytes, Meta(max_length=MAX_REVOKED_BYTES)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


Upward = Status | Upload | Live
Downward = Receipt | Orders | States | Watch | Revoked


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
    "receipt": Receipt, "orders": Orders, "states": States, "watch": Watch, "revoked": Revoked,
}  # fmt: skip

_encoder = msgspec.msgpack.Encoder()
_frame_decoder = msgspec.msgpack.Decoder(Frame)
_up_decoder: msgspec.msgpack.Decoder[Upward] = msgspec.msgpack.Decoder(Upward)
_down_decoder: msgspec.msgpack.Decoder[Downward] = msgspec.msgpack.Decoder(Downward)


def encode_body(message: Upward | Downward) -> tuple[str, bytes]:
    """Return the kind and the body of a message."""
    return str(message.__struct_config__.tag), _encoder.encode(message)


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame. Raises ValueError if they would be over the limit, which is an error of the sender."""
    data = _encoder.encode(frame)
    if len(data) > MAX_FRAME:
        raise ValueError(f"a frame of {len(data)} bytes is over the limit of {MAX_FRAME}")
    return data


def decode_frame(data: bytes) -> Frame:
    """Return the frame that the bytes hold. Raises WireError if they are too large, malformed or of a newer version."""
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
    """Return the gateway's message in a frame. Raises WireError if it is malformed or of an unknown kind."""
    return _decode(_up_decoder, frame)


def decode_downward(frame: Frame) -> Downward:
    """Return the head-end's message in a frame. Raises WireError if it is malformed or of an unknown kind."""
    return _decode(_down_decoder, frame)


def _decode(decoder: msgspec.msgpack.Decoder[T], frame: Frame) -> T:
    if frame.kind not in KINDS:
        raise WireError("newer", f"kind {frame.kind!r} is not known to this software")
    try:
        message = decode_storable(decoder, frame.body)
    except UNREADABLE as error:
        raise WireError("malformed", f"not a {frame.kind}: {error}") from None
    if frame.kind != message.__struct_config__.tag:  # type: ignore[attr-defined]
        raise WireError("malformed", f"a frame of kind {frame.kind!r} holds another kind")
    return message
