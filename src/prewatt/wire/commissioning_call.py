"""This module signs, answers or refuses the call that a gateway makes while its meters are set up."""

from __future__ import annotations

import msgspec

from .commissioning import Answered, Asked, Envelope
from .sealing import Receiver, SealedError, seal
from .signing import SigningKey, VerifyKey

ASKED, ANSWERED = b"prewatt set-up asked", b"prewatt set-up answered"
"""The contexts of the two signatures."""


class CallError(ValueError):
    """A call is refused. The message says why."""


def signed(key: SigningKey, message: Asked | Answered) -> bytes:
    """Return a message with its signature. A call is sent like this; an answer is sealed too (`answered`)."""
    body = msgspec.json.encode(message)
    context = ASKED if isinstance(message, Asked) else ANSWERED
    return msgspec.json.encode(Envelope(body.decode(), key.sign(context, body).hex()))


def read_asked(data: bytes) -> tuple[Asked, Envelope]:
    """Return the gateway's call, whose signature is not yet checked (`check`). Raises CallError for other bytes."""
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
    """Return the bytes of an answer, signed by the server and sealed to the caller: it holds the meters' keys, and goes
    over any network. Raises CallError if `asked.reply_key` is not a key.
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
