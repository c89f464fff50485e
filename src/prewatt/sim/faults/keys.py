"""Keys of the virtual world: for messages, real or cheap ones; and for codes.

Ed25519 would take most of the time of a simulated week. So most runs sign messages with a keyed hash, which an altered
or forged message does not pass either. The code that signs and verifies is the product's own in both cases.
"""

from __future__ import annotations

from hashlib import blake2b

from ...edge.key_state import KeyState
from ...tokens import MeterKey, account_number, luhn
from ...wire.signing import SigningKey, VerifyKey


class CheapSigningKey(SigningKey):
    """A key that signs with a keyed hash."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def public(self) -> bytes:
        """Return the bytes of the key that verifies."""
        return self._raw

    def sign(self, context: bytes, data: bytes) -> bytes:
        """Return the signature of a message."""
        return blake2b(context + b"\0" + data, key=self._raw, digest_size=64).digest()


class CheapVerifyKey(VerifyKey):
    """A key that verifies the signatures of a `CheapSigningKey` with the same bytes."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def verifies(self, context: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether a signature is right."""
        return blake2b(context + b"\0" + data, key=self._raw, digest_size=64).digest() == signature


def pair(real: bool, raw: bytes) -> tuple[SigningKey, VerifyKey]:
    """Return the signing and the verifying half of a key. `real`: of Ed25519; otherwise a cheap one."""
    signing = SigningKey.from_bytes(raw) if real else CheapSigningKey(raw)
    return signing, VerifyKey(signing.public()) if real else CheapVerifyKey(raw)


def meter_key(number: int, vending: bytes, revision: int = 1) -> KeyState:
    """Return a meter's key for codes, derived from a vending key of its own."""
    body = f"99{number:08}"
    key = MeterKey(account_number(f"{body}{luhn(body)}"), "000001", revision=revision)
    return held(key, vending)


def held(key: MeterKey, vending: bytes) -> KeyState:
    """Return a meter's key as its gateway holds it: what describes it, and the key derived from a vending key."""
    return KeyState(
        key.pan,
        key.supply_group,
        key.tariff_index,
        key.revision,
        key.key_type,
        key.expiry,
        key.base,
        key.dkga,
        key.algorithm,
        key.decoder_key(vending),
    )
