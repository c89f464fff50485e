"""Names of people who act."""

from __future__ import annotations

from typing import Any


def name_of(by: Any) -> str:
    """Return who somebody is: the login, or the given name."""
    return by if isinstance(by, str) else str(by.get_username())
