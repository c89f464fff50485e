"""Instants and names, as the doctor's findings show them."""

from __future__ import annotations

from datetime import UTC, datetime

NAMED = 5
"""The most names in a line."""


def instant_in_utc(at: int) -> datetime:
    """Return an instant (µs) as a date and time of UTC."""
    return datetime.fromtimestamp(at / 1_000_000, UTC)


def shown_in_utc(moment: datetime) -> str:
    """Return a moment in UTC as people read it, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def first_of(names: list[str]) -> str:
    """Return the first `NAMED` names with commas between them, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f", … (+{more})" if more > 0 else "")
