"""Names of people who act."""

from __future__ import annotations

from typing import Any


def name_of(by: Any) -> str:
    """Who somebody is, by login or by the name given."""
    return by if isinstance(by, str) else str(by.get_username())
