"""The PINs of flats: the server makes them, the gateway checks them, and both store a salted hash (scrypt, RFC 7914)."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from ..kernel.pins import with_minute

DIGITS = 6
_COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


def hash_pin(pin: str, salt: bytes) -> str:
    """Return the salted hash of a PIN, as it is stored."""
    return f"{salt.hex()}${hashlib.scrypt(pin.encode(), salt=salt, **_COST).hex()}"


def keep_pin(pin: str, meter: str, minute: int) -> str:
    """Return the stored hash of a PIN that was made for a meter at `minute` (since 1970). Server and gateway, which
    reads the PIN from a token, get the same hash.
    """
    rest = hashlib.sha256(b"prewatt pin\0" + meter.encode() + minute.to_bytes(8)).digest()
    return hash_pin(pin, with_minute(minute, rest))


def pin_is(kept: str, pin: str) -> bool:
    """Return whether `kept` is the hash of this PIN, in digits of any width. An empty `kept` never matches."""
    salt, _, digest = kept.partition("$")
    try:
        return bool(digest) and hmac.compare_digest(
            hash_pin(unicodedata.normalize("NFKC", pin).strip(), bytes.fromhex(salt)), kept
        )
    except ValueError:
        return False
