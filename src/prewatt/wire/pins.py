"""PINs of flats: made by the server, checked by the gateway, kept by both as a salted hash (scrypt, RFC 7914)."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from ..kernel.pins import with_minute

DIGITS = 6
_COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


def hash_pin(pin: str, salt: bytes) -> str:
    """What is kept of a PIN."""
    return f"{salt.hex()}${hashlib.scrypt(pin.encode(), salt=salt, **_COST).hex()}"


def keep_pin(pin: str, meter: str, minute: int) -> str:
    """What is kept of a PIN that was made for a meter at a minute since 1970: the same wherever it is worked out, by the
    server that makes it or by the gateway that reads it off a code.
    """
    rest = hashlib.sha256(b"prewatt pin\0" + meter.encode() + minute.to_bytes(8)).digest()
    return hash_pin(pin, with_minute(minute, rest))


def pin_is(kept: str, pin: str) -> bool:
    """Whether `kept` is of this PIN, in digits of any width; never for an empty one."""
    salt, _, digest = kept.partition("$")
    try:
        return bool(digest) and hmac.compare_digest(
            hash_pin(unicodedata.normalize("NFKC", pin).strip(), bytes.fromhex(salt)), kept
        )
    except ValueError:
        return False
