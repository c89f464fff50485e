"""The conversation of a staff phone and a gateway over Bluetooth, without the server. `docs/installer/onsite.md`
documents it.

A *grant*, signed by the server in advance, names a phone's key and what it may do, where, and from when to when. The
gateway gives each session a number that was never used before (the challenge); the phone signs every instruction
together with that number and a count, and the gateway signs its answers. So what was recorded in one session is
worthless in another, and also when it is repeated in the same one.

Revoked grants stand in a numbered list of the property, which the server signs (`Revocations`). It goes to each gateway
over the network (`messages.Revoked`), and any phone can bring it to a gateway that has none.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from ..kernel.decoding import UNREADABLE
from ..kernel.fields import Instant, MeterName, Natural, ShortText
from ..kernel.orders import BY_STAFF, Action
from .signing import SigningKey, VerifyKey

T = TypeVar("T")
MAX_MESSAGE = 16 * 1024
"""The largest message in bytes: a grant with the keys of some hundred gateways."""
GRANT = b"prewatt grant"
INSTRUCTION = b"prewatt instruction"
ANSWER = b"prewatt answer"
REVOKED = b"prewatt revoked"
MAX_REVOKED = 1000
"""The most grants in a list of revoked ones."""

Key = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
Nonce = Annotated[bytes, Meta(min_length=32, max_length=32)]

READ_HEAD, SET_CLOCK = "read-head", "set-clock"
ALLOWED = (*BY_STAFF, READ_HEAD, SET_CLOCK)
"""The actions that a grant can allow."""


class OnSiteError(ValueError):
    """A message, a grant or an instruction is refused; the text, for people, says why."""


class GatewayKey(Struct, frozen=True):
    """A gateway of the property, and the key that verifies its answers."""

    gateway: str
    key: Key


class Grant(Struct, frozen=True):
    """What the holder of `key` may do at the gateways of a property. `most_amount` (nano) and `longest` (µs) bound a
    restoration. `issued`: when the server signed it; the present is later than that, whatever a gateway's clock says.
    """

    grant: ShortText
    property: Natural
    holder: ShortText
    key: Key
    actions: Annotated[tuple[ShortText, ...], Meta(max_length=20)]
    begins: Instant
    ends: Instant
    most_amount: Natural
    longest: Natural
    issued: Instant
    gateways: Annotated[tuple[GatewayKey, ...], Meta(max_length=200)] = ()


class SignedGrant(Struct, frozen=True, tag_field="kind", tag="grant"):
    """The bytes of a grant with the server's signature. A session at a gateway begins with it."""

    body: bytes
    signature: Signature


class Challenge(Struct, frozen=True, tag_field="kind", tag="challenge"):
    """The session is open. `nonce` was never used before; `at` is the gateway's clock (µs)."""

    gateway: str
    nonce: Nonce
    at: Instant


class Act(Struct, frozen=True, tag_field="do", tag="act", omit_defaults=True):
    """Give an order to a meter."""

    meter: MeterName
    action: Action
    reason: ShortText = ""


class ReadHead(Struct, frozen=True, tag_field="do", tag="head"):
    """Read the head of a meter's journal."""

    meter: MeterName


class SetClock(Struct, frozen=True, tag_field="do", tag="clock"):
    """Set the gateway's clock to `at` (µs)."""

    at: Instant


Instruction = Act | ReadHead | SetClock


class _Numbered(Struct, frozen=True):
    """An instruction with its number within the session, so that none is done twice."""

    count: Annotated[int, Meta(ge=1, le=1_000_000)]
    instruction: Instruction


class SignedInstruction(Struct, frozen=True, tag_field="kind", tag="instruction"):
    """An instruction of an open session, with the phone's signature."""

    body: bytes
    signature: Signature


class TypedCode(Struct, frozen=True, tag_field="kind", tag="code"):
    """A 20-digit code for a meter, as it was typed or pasted. It needs no grant, because it is one."""

    meter: MeterName
    digits: Annotated[str, Meta(max_length=300)]


class AskStatus(Struct, frozen=True, tag_field="kind", tag="ask-status", omit_defaults=True):
    """Ask for the state of the gateway and its meters. `nonce` comes back in the signed answer. `language`: the
    language of the answers of this connection, as HTML names it; empty: the gateway's own.
    """

    nonce: Nonce
    language: Annotated[str, Meta(max_length=35)] = ""


class SiteMeter(Struct, frozen=True):
    """The state of a meter, for anybody near the gateway: without the balance. `closed`: whether its switch was told to close;
    `switch`: how far that order is (`kernel.switching.SwitchProgress`), empty if unknown.
    """

    meter: MeterName
    unit: str
    seq: Natural
    at: Instant
    closed: bool | None
    switch: Annotated[str, Meta(max_length=32)] = ""


class SiteStatus(Struct, frozen=True):
    """The state of a gateway and its meters. `online`: whether it reaches the server."""

    gateway: str
    at: Instant
    online: bool
    nonce: Nonce
    meters: tuple[SiteMeter, ...]


class SignedStatus(Struct, frozen=True, tag_field="kind", tag="status"):
    """A status, signed by the gateway."""

    body: bytes
    signature: Signature


class Answer(Struct, frozen=True, tag_field="kind", tag="answer", omit_defaults=True):
    """The result of a message. Within a session, `signature` is the gateway's, over the nonce and this answer."""

    done: bool
    text: str
    count: Natural = 0
    head: str = ""
    signature: bytes = b""


class Revocations(Struct, frozen=True):
    """The ids of a property's grants that are not valid any more, although their end is not reached. The list with the
    greatest `number` is the one that holds. `made_at`: when the server signed it; the present is later than that.
    """

    property: Natural
    number: Natural
    made_at: Instant
    grants: Annotated[tuple[ShortText, ...], Meta(max_length=MAX_REVOKED)]


class SignedRevocations(Struct, frozen=True, tag_field="kind", tag="revoked"):
    """A list of revoked grants with the server's signature, as a phone brings it to a gateway."""

    body: bytes
    signature: Signature


Upward = SignedGrant | SignedInstruction | TypedCode | AskStatus | SignedRevocations
Downward = Challenge | Answer | SignedStatus

_encoder = msgspec.msgpack.Encoder()
_up: msgspec.msgpack.Decoder[Upward] = msgspec.msgpack.Decoder(Upward)
_down: msgspec.msgpack.Decoder[Downward] = msgspec.msgpack.Decoder(Downward)
_grant = msgspec.msgpack.Decoder(Grant)
_numbered = msgspec.msgpack.Decoder(_Numbered)
_status = msgspec.msgpack.Decoder(SiteStatus)
_revocations = msgspec.msgpack.Decoder(Revocations)


def _decode(decoder: msgspec.msgpack.Decoder[T], data: bytes, what: str) -> T:
    if len(data) > MAX_MESSAGE:
        raise OnSiteError(f"{what} of {len(data)} bytes is over the limit of {MAX_MESSAGE}")
    try:
        return decoder.decode(data)
    except UNREADABLE as error:
        raise OnSiteError(f"not {what}: {error}") from None


def encode(message: Upward | Downward) -> bytes:
    """Return the bytes of a message."""
    return _encoder.encode(message)


def decode_up(data: bytes) -> Upward:
    """Return a phone's message. Raises OnSiteError for other bytes."""
    return _decode(_up, data, "a message of a phone")


def decode_down(data: bytes) -> Downward:
    """Return a gateway's message. Raises OnSiteError for other bytes."""
    return _decode(_down, data, "a message of a gateway")


# -- grants -------------------------------------------------------------------------------------------------------------


def sign_grant(key: SigningKey, grant: Grant) -> SignedGrant:
    """Sign a grant with the server's key."""
    body = _encoder.encode(grant)
    return SignedGrant(body, key.sign(GRANT, body))


def read_grant(signed: SignedGrant) -> Grant:
    """Return a grant without checking its signature: for its holder, who cannot forge it. Raises OnSiteError for other
    bytes.
    """
    return _decode(_grant, signed.body, "a grant")


def open_grant(server: VerifyKey, signed: SignedGrant, property_id: int, now: int) -> Grant:
    """Return a grant that holds at this property and instant. Raises OnSiteError, which says why it does not.

    A clock that stands before the grant's own signature is wrong, as after a loss of power: the signature is believed.
    """
    if not server.verifies(GRANT, signed.body, signed.signature):
        raise OnSiteError("the grant is not signed by this gateway's server")
    grant = read_grant(signed)
    if grant.property != property_id:
        raise OnSiteError("the grant is for another property")
    now = max(now, grant.issued)
    if now < grant.begins:
        raise OnSiteError("the grant is not valid yet")
    if now >= grant.ends:
        raise OnSiteError("the grant has expired: ask for a new one")
    return grant


def sign_revocations(key: SigningKey, revocations: Revocations) -> SignedRevocations:
    """Sign a list of revoked grants with the server's key."""
    body = _encoder.encode(revocations)
    return SignedRevocations(body, key.sign(REVOKED, body))


def open_revocations(server: VerifyKey, signed: SignedRevocations, property_id: int) -> Revocations:
    """Return a list of revoked grants of this property. Raises OnSiteError for any other."""
    if not server.verifies(REVOKED, signed.body, signed.signature):
        raise OnSiteError("the list of revoked grants is not signed by this gateway's server")
    revocations = _decode(_revocations, signed.body, "a list of revoked grants")
    if revocations.property != property_id:
        raise OnSiteError("the list of revoked grants is for another property")
    return revocations


# -- sessions -----------------------------------------------------------------------------------------------------------


def _bound(gateway: str, nonce: bytes, body: bytes) -> bytes:
    return gateway.encode() + b"\0" + nonce + body


def sign_instruction(key: SigningKey, challenge: Challenge, count: int, instruction: Instruction) -> SignedInstruction:
    """Sign the phone's `count`-th instruction of a session."""
    body = _encoder.encode(_Numbered(count, instruction))
    return SignedInstruction(body, key.sign(INSTRUCTION, _bound(challenge.gateway, challenge.nonce, body)))


def open_instruction(key: VerifyKey, gateway: str, nonce: bytes, count: int, signed: SignedInstruction) -> Instruction:
    """Return the instruction if the phone signed it as number `count` of this session. Raises OnSiteError otherwise."""
    if not key.verifies(INSTRUCTION, _bound(gateway, nonce, signed.body), signed.signature):
        raise OnSiteError("the instruction is not signed for this session by the grant's holder")
    numbered = _decode(_numbered, signed.body, "an instruction")
    if numbered.count != count:
        raise OnSiteError("this instruction was sent before, so it is not carried out again")
    return numbered.instruction


def _answer_part(nonce: bytes, answer: Answer) -> bytes:
    return nonce + _encoder.encode((answer.done, answer.text, answer.count, answer.head))


def sign_answer(key: SigningKey, nonce: bytes, answer: Answer) -> Answer:
    """Return the answer with the gateway's signature."""
    return msgspec.structs.replace(answer, signature=key.sign(ANSWER, _answer_part(nonce, answer)))


def answer_is_signed(key: VerifyKey, nonce: bytes, answer: Answer) -> bool:
    """Return whether an answer is signed by the gateway for this session."""
    return key.verifies(ANSWER, _answer_part(nonce, answer), answer.signature)


def sign_status(key: SigningKey, status: SiteStatus) -> SignedStatus:
    """Sign a status with the gateway's key."""
    body = _encoder.encode(status)
    return SignedStatus(body, key.sign(ANSWER, body))


def open_status(key: VerifyKey | None, nonce: bytes, signed: SignedStatus) -> SiteStatus:
    """Return a gateway's status. Raises OnSiteError if it is malformed, does not answer `nonce`, or is not signed by
    the gateway. The signature is not checked if `key` is None, because the gateway's key is unknown.
    """
    if key is not None and not key.verifies(ANSWER, signed.body, signed.signature):
        raise OnSiteError("the status is not signed by this gateway")
    status = _decode(_status, signed.body, "a status")
    if status.nonce != nonce:
        raise OnSiteError("the status answers another question, so somebody may have recorded it earlier")
    return status


# -- packets ------------------------------------------------------------------------------------------------------------

LAST = 1


def packets(message: bytes, size: int) -> list[bytes]:
    """Cut a message into packets of at most `size` bytes: a flag byte (`LAST` on the last one), then a part of the
    message.
    """
    parts = [message[at : at + size - 1] for at in range(0, len(message), size - 1)] or [b""]
    return [bytes([LAST if part is parts[-1] else 0]) + part for part in parts]


class Assembler:
    """An assembler joins packets to messages."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def take(self, packet: bytes) -> bytes | None:
        """Return the whole message with its last packet, None before. Raises OnSiteError if it becomes too large."""
        if not packet:
            raise OnSiteError("an empty packet")
        self._parts += packet[1:]
        if len(self._parts) > MAX_MESSAGE:
            self._parts.clear()
            raise OnSiteError(f"a message is over the limit of {MAX_MESSAGE} bytes")
        if not packet[0] & LAST:
            return None
        message = bytes(self._parts)
        self._parts.clear()
        return message
