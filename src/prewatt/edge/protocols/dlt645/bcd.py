"""Numbers or addresses as DL/T 645 writes them: two decimal digits a byte (BCD), the low byte first."""

from __future__ import annotations

SIGN = 0x80
"""The top bit of the highest byte: a number is negative."""


def from_bcd(data: bytes, signed: bool = False) -> int | None:
    """Return the number that `data` is; None if it is none, because a digit is over 9 or there are no digits. `signed`:
    the top bit of the highest byte is its sign.
    """
    negative = signed and bool(data) and bool(data[-1] & SIGN)
    text = data[::-1].hex()
    if negative:
        text = f"{data[-1] & ~SIGN:02x}{text[2:]}"
    if not text.isdecimal():
        return None
    return -int(text) if negative else int(text)


def to_bcd(number: int, size: int, signed: bool = False) -> bytes:
    """Return a number in `size` bytes. Raises ValueError if it does not fit."""
    if number < 0 and not signed:
        raise ValueError(f"{number} is negative")
    text = f"{abs(number):0{2 * size}d}"
    if len(text) > 2 * size or (signed and int(text[0]) > 7):
        raise ValueError(f"{number} does not fit in {size} bytes")
    data = bytearray(bytes.fromhex(text)[::-1])
    if number < 0:
        data[-1] |= SIGN
    return bytes(data)


def is_absent(data: bytes) -> bool:
    """Return whether `data` stands for "no value": all of it is FF."""
    return bool(data) and data.count(0xFF) == len(data)


def from_digits(data: bytes) -> str | None:
    """Return the digits of an address or a number of a meter in the order in which people read them; None if they are
    none.
    """
    text = data[::-1].hex()
    return text if text.isdecimal() else None


def to_digits(text: str) -> bytes:
    """Return the bytes of digits. Raises ValueError if a character is no hexadecimal digit or one is missing."""
    return bytes.fromhex(text)[::-1]
