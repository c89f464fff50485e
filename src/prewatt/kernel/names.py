"""This module sorts names as people count: 1, 2, 10; Flat 2 before Flat 10."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = re.compile(r"([0-9]+)")


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return the key by which a name is sorted. Numbers in the name count as numbers; upper and lower case, and
    full-width digits, make no difference.
    """
    parts = _DIGITS.split(unicodedata.normalize("NFKC", name).casefold())
    # By length and digits, not by value: a name may have thousands of them.
    numbers = [part.lstrip("0") if index % 2 else part for index, part in enumerate(parts)]
    return tuple(
        (0, len(part), part) if index % 2 else (1, 0, part) for index, part in enumerate(numbers) if part or index % 2
    )
