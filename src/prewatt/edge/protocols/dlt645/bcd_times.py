"""Dates or times of day as DL/T 645 writes them: two decimal digits a byte (BCD)."""

from __future__ import annotations

from datetime import date, datetime, time

from .bcd import from_bcd, to_bcd


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
