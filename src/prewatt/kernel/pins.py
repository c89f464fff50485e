"""Which of two PINs of a flat is the later one, by what is kept of them (`wire.pins` makes and checks it)."""

from __future__ import annotations

SALT = 20
"""Bytes of the salt of a PIN that a code can carry: the minute at which it was made, and 16 that no other PIN has. One that
no code carries has 16 in all.
"""
_MINUTE = 4


def made_at(kept: str) -> int:
    """Minutes since 1970 at which a PIN was made; -1 if it does not tell, or there is none."""
    salt, _, digest = kept.partition("$")
    try:
        raw = bytes.fromhex(salt)
    except ValueError:
        return -1
    return int.from_bytes(raw[:_MINUTE]) if digest and len(raw) == SALT else -1


def with_minute(minute: int, rest: bytes) -> bytes:
    """The salt of a PIN that was made at a minute since 1970; `rest`: 16 bytes that no other PIN has."""
    return minute.to_bytes(_MINUTE) + rest[: SALT - _MINUTE]
