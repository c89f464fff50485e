"""Keys of the virtual world: for messages, real ones or cheap ones; and for codes.

Most of a simulated week would be spent in Ed25519. In most runs the messages are therefore signed with a keyed hash,
which an altered or forged message passes as little. The code that signs and verifies is the product's own in both.
"""

from __future__ import annotations

from hashlib import blake2b

from ...edge.codes import KeyState
from ...tokens import MeterKey, account_number, luhn
from ...wire.signing import SigningKey, VerifyKey


class CheapSigningKey(SigningKey):
    """Signs with a keyed hash."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def public(self) -> bytes:
        return self._raw

    def sign(self, context: bytes, data: bytes) -> bytes:
        return blake2b(context + b"\0" + data, key=self._raw, digest_size=64).digest()


class CheapVerifyKey(VerifyKey):
    """Verifies what a `CheapSigningKey` of the same bytes signed."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def verifies(self, context: bytes, data: bytes, signature: bytes) -> bool:
        return blake2b(context + b"\0" + data, key=self._raw, digest_size=64).digest() == signature


def pair(real: bool, raw: bytes) -> tuple[SigningKey, VerifyKey]:
    """The two halves of a key."""
    signing = SigningKey.from_bytes(raw) if real else CheapSigningKey(raw)
    return signing, VerifyKey(signing.public()) if real else CheapVerifyKey(raw)


def meter_key(number: int, vending: bytes, revision: int = 1) -> KeyState:
    """The key for codes of a meter, of a vending key of its own."""
    body = f"99{number:08}"
    key = MeterKey(account_number(f"{body}{luhn(body)}"), "000001", revision=revision)
    return KeyState(
        key.pan, key.supply_group, key.tariff_index, key.revision, key.key_type, key.expiry, key.base, key.dkga,
        key.algorithm, key.decoder_key(vending),
    )  # fmt: skip
