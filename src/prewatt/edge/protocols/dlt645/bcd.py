"""Numbers, addresses and times as DL/T 645 writes them: two decimal digits a byte (BCD), the low byte first."""

from __future__ import annotations

from datetime import date, datetime, time

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


def _parts(data: bytes) -> list[int] | None:
    parts = [from_bcd(bytes((byte,))) for byte in data]
    return None if None in parts else [part for part in parts if part is not None]


def from_time(data: bytes) -> datetime | None:
    """Return the wall-clock time of six bytes, seconds first, the year since 2000 last; None if there is no such time."""
    parts = _parts(data)
    if parts is None or len(parts) != 6:
        return None
    second, minute, hour, day, month, year = parts
    try:
        return datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 (meters know no zone)
    except ValueError:
        return None


def to_time(at: datetime) -> bytes:
    """Return the six bytes of a wall-clock time of this century, seconds first."""
    return b"".join(to_bcd(part, 1) for part in (at.second, at.minute, at.hour, at.day, at.month, at.year - 2000))


def from_date(data: bytes) -> date | None:
    """Return the date of four bytes: weekday, day, month, year since 2000. The weekday is not looked at: meters count it
    differently. None if there is no such date.
    """
    parts = _parts(data[1:])
    if parts is None or len(parts) != 3:
        return None
    day, month, year = parts
    try:
        return date(2000 + year, month, day)
    except ValueError:
        return None


def to_date(day: date) -> bytes:
    """Return the four bytes of a date: weekday (0 is Sunday), day, month, year since 2000."""
    return b"".join(to_bcd(part, 1) for part in (day.isoweekday() % 7, day.day, day.month, day.year - 2000))


def from_clock(data: bytes) -> time | None:
    """Return the time of day of three bytes, seconds first; None if there is no such time."""
    parts = _parts(data)
    if parts is None or len(parts) != 3:
        return None
    second, minute, hour = parts
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def to_clock(at: time) -> bytes:
    """Return the three bytes of a time of day, seconds first."""
    return b"".join(to_bcd(part, 1) for part in (at.second, at.minute, at.hour))
