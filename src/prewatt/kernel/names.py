"""This module sorts names as people count: 1, 2, 10; Flat 2 before Flat 10."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DIGITS = re.compile(r"([0-9]+)")


@lru_cache(4096)
def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return the key by which a name is sorted. Numbers in the name count as numbers; upper and lower case, and
    full-width digits, make no difference. Some thousand are remembered: flats are called alike in many buildings.
    """
    parts = _DIGITS.split(unicodedata.normalize("NFKC", name).casefold())
    # By length and digits, not by value: a name may have thousands of them.
    numbers = [part.lstrip("0") if index % 2 else part for index, part in enumerate(parts)]
    return tuple(
        (0, len(part), part) if index % 2 else (1, 0, part) for index, part in enumerate(numbers) if part or index % 2
    )


def natural_bytes(name: str) -> bytes:
    """Return bytes that sort as `natural` does, for a database that puts rows in order by itself."""
    parts = []
    for kind, length, part in natural(name):
        text = part.encode(errors="replace").replace(b"\0", b"")
        parts.append(b"\2" + text + b"\0" if kind else b"\1" + length.to_bytes(4) + text)
    return b"".join(parts)
