"""What a gateway and its server say to each other while meters are set up: one call over HTTP, signed on both sides.

The gateway tells which meters it has found at flats where the server knows of none. The server answers with the flats, their
meters and the keys of codes. A manager confirms each meter that was found: it exists from then on.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from .sealing import Receiver, SealedError, seal
from .signing import SigningKey, VerifyKey

ASKED, ANSWERED = b"prewatt set-up asked", b"prewatt set-up answered"
"""The contexts of the two signatures."""
CLOCKS_DIFFER = 15 * 60 * 1_000_000
"""By how much (µs) the clocks of both may differ, so that an old call is worth nothing to others."""
MOST_FOUND = 250
LONGEST = 1_000_000

PRINTABLE = r"\A[^\x00-\x1f\x7f]*\Z"
"""Texts without control characters: databases refuse some, and people see none."""
Text = Annotated[str, Meta(max_length=64, pattern=PRINTABLE)]


class FoundAt(Struct, frozen=True):
    """A meter that was found at a unit: its number, its model's name, its register (Wh)."""

    unit: Text
    serial: Annotated[str, Meta(min_length=1, max_length=64, pattern=PRINTABLE)]
    model: Text
    register: Annotated[int, Meta(ge=0, le=2**62)]


class Asked(Struct, frozen=True):
    """The gateway's call, made at the instant `at` (µs). `reply_key`: the key (X25519, hexadecimal) to which the answer is
    sealed.
    """

    gateway: Annotated[str, Meta(max_length=32, pattern=PRINTABLE)]
    at: int
    reply_key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    found: Annotated[tuple[FoundAt, ...], Meta(max_length=MOST_FOUND)] = ()


class Answered(Struct, frozen=True):
    """The server's answer to the call of the instant `at`. `meters`: as at enrolment. `units`: those without a meter."""

    gateway: str
    at: int
    meters: list[dict[str, Any]]
    units: list[str]


class Envelope(Struct, frozen=True):
    """A message as JSON, and its signature in hexadecimal digits."""

    body: Annotated[str, Meta(max_length=LONGEST)]
    signature: Annotated[str, Meta(pattern="^[0-9a-f]{128}$")]


class CallError(ValueError):
    """A call is refused. The message says why."""


def signed(key: SigningKey, message: Asked | Answered) -> bytes:
    """Return a message with its signature. A call is sent like this; an answer is sealed too (`answered`)."""
    body = msgspec.json.encode(message)
    context = ASKED if isinstance(message, Asked) else ANSWERED
    return msgspec.json.encode(Envelope(body.decode(), key.sign(context, body).hex()))


def read_asked(data: bytes) -> tuple[Asked, Envelope]:
    """Return the gateway's call, which is not yet checked (`check`). Raises CallError if it is none."""
    try:
        envelope = msgspec.json.decode(data, type=Envelope)
        return msgspec.json.decode(envelope.body.encode(), type=Asked), envelope
    except msgspec.MsgspecError as error:
        raise CallError(f"this is no call of a gateway: {error}") from None


def check(key: VerifyKey, envelope: Envelope) -> None:
    """Raise CallError unless the gateway with this key has made the call."""
    if not key.verifies(ASKED, envelope.body.encode(), bytes.fromhex(envelope.signature)):
        raise CallError("the signature is not the gateway's")


def answered(key: SigningKey, asked: Asked, answer: Answered) -> bytes:
    """Return an answer, signed by the server and sealed to the caller: it holds the meters' keys, and goes over any network.
    Raises CallError if the caller's key is none.
    """
    try:
        return seal(bytes.fromhex(asked.reply_key), signed(key, answer), ANSWERED)
    except ValueError:
        raise CallError("the key for the answer is none") from None


def open_answered(key: VerifyKey, data: bytes, asked: Asked, receiver: Receiver) -> Answered:
    """Return the server's answer to a call. Raises CallError if it is not the server's, or answers another call."""
    try:
        envelope = msgspec.json.decode(receiver.open(data, ANSWERED), type=Envelope)
        if not key.verifies(ANSWERED, envelope.body.encode(), bytes.fromhex(envelope.signature)):
            raise CallError("the answer is not the server's")
        answer = msgspec.json.decode(envelope.body.encode(), type=Answered)
    except (SealedError, msgspec.MsgspecError) as error:
        raise CallError(f"the server's answer can't be read: {error}") from None
    if (answer.gateway, answer.at) != (asked.gateway, asked.at):
        raise CallError("the answer belongs to another call")
    return answer
