"""How a gateway asks to be enrolled: it proves that it knows its enrolment code, and never sends it.

The code (80 random bits) gives two values. By its `code_id` the server finds the gateway. Its `code_secret` proves that
the caller holds the code, and seals the answer. Somebody who listens on the way, or stands in between, can read neither
the broker's password nor the meters' keys, and can enrol nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from .sealing import Receiver, SealedError, seal

ANSWER = b"prewatt enrolment answered"
Hex32 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""32 bytes, in hexadecimal digits."""


class EnrolCall(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of the call. `public_key` (Ed25519) will verify what the gateway signs. The answer is sealed to
    `reply_key` (X25519). `proof` shows that both keys are from somebody who knows the code.
    """

    code_id: Hex32
    public_key: Hex32
    reply_key: Hex32
    proof: Hex32

    def proven(self, secret: bytes) -> bool:
        """Return whether the call is from somebody who knows the code that gives this secret."""
        return hmac.compare_digest(self.proof, _proof(secret, self.public_key, self.reply_key))

    def answered(self, secret: bytes, answer: bytes) -> bytes:
        """Return the answer to this call, sealed. Raises ValueError if `reply_key` is not a key."""
        return seal(bytes.fromhex(self.reply_key), answer, ANSWER, secret)


def code_id(code: str) -> str:
    """Return the name under which the server stores a code (hexadecimal)."""
    return hashlib.sha256(b"prewatt enrolment id\0" + code.encode()).hexdigest()


def code_secret(code: str) -> bytes:
    """Return the secret of a code (32 bytes). Both sides know it; whoever sees only the id does not."""
    return hashlib.sha256(b"prewatt enrolment secret\0" + code.encode()).digest()


class Enrolling:
    """A gateway that asks to be enrolled with a code, as it was typed, for its public key (32 bytes)."""

    def __init__(self, code: str, public_key: bytes) -> None:
        self._secret = code_secret(code)
        self._receiver = Receiver()
        key, reply_key = public_key.hex(), self._receiver.public.hex()
        self.call = EnrolCall(code_id(code), key, reply_key, _proof(self._secret, key, reply_key))

    def body(self) -> bytes:
        """Return the call as it is sent (JSON)."""
        return msgspec.json.encode(self.call)

    def open(self, answer: bytes) -> bytes:
        """Return the server's answer. Raises SealedError if it is not from the server that has made the code."""
        try:
            return self._receiver.open(answer, ANSWER, self._secret)
        except SealedError:
            raise SealedError("the answer is not from the server that has made this code") from None


def _proof(secret: bytes, public_key: str, reply_key: str) -> str:
    return hmac.digest(secret, f"prewatt enrolment {public_key} {reply_key}".encode(), "sha256").hex()
