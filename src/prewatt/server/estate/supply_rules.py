"""The rules of supply that people typed are checked before they are stored."""

from __future__ import annotations

from .power_by_hour import read_power
from .supply_days import holiday_dates, read_days
from .supply_windows import read_windows

MOST_CODE_DAYS = 31
"""The most days for which an emergency code can be valid."""


def check_windows(text: str) -> None:
    """Check friendly hours, for Django. Raises ValidationError."""
    read_windows(text)


def check_days(text: str) -> None:
    """Check dates, for Django. Raises ValidationError."""
    read_days(text)


def check_power(text: str) -> None:
    """Check power limits, for Django. Raises ValidationError."""
    read_power(text)


def check_region(text: str) -> None:
    """Check a country or region whose holidays are known, for Django. Raises ValidationError."""
    holiday_dates(text, 2026)
