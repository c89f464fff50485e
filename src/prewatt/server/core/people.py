"""Names of people who act."""

from __future__ import annotations

from typing import Any


def name_of(by: Any) -> str:
    """Return the name of who acts: a text as it is, otherwise the name of the login."""
    return by if isinstance(by, str) else str(by.get_username())
