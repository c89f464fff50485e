"""Writes values of the API's documents that may be missing."""

from __future__ import annotations

from ...kernel.units import exact_instant, exact_money


def instant_text(at: int | None) -> str | None:
    """Return an instant (µs) as text; None stays None."""
    return None if at is None else exact_instant(at)


def money_text(nano: int | None) -> str | None:
    """Return an amount (nano) as text; None stays None."""
    return None if nano is None else exact_money(nano)
