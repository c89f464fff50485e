"""These functions tell which of two PINs of a flat was made later, from what is stored of each (`wire.pins` makes and
checks PINs).
"""

from __future__ import annotations

SALT = 20
"""Length in bytes of the salt of a PIN that a token can carry: four bytes for the minute at which it was made, and 16
that are unique. The salt of a PIN that no token carries is 16 bytes long.
"""
_MINUTE = 4


def made_at(kept: str) -> int:
    """Return the minute (since 1970) at which a PIN was made; -1 if that is not stored, or there is no PIN."""
    salt, _, digest = kept.partition("$")
    try:
        raw = bytes.fromhex(salt)
    except ValueError:
        return -1
    return int.from_bytes(raw[:_MINUTE]) if digest and len(raw) == SALT else -1


def with_minute(minute: int, rest: bytes) -> bytes:
    """Return the salt of a PIN that was made at `minute` (since 1970). `rest` is 16 bytes that no other PIN has."""
    return minute.to_bytes(_MINUTE) + rest[: SALT - _MINUTE]
