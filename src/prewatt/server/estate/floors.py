"""The floor of a unit: as typed, or as its name says in the ways of many countries: 302, 2.OG links, 5楼."""

from __future__ import annotations

import re
import unicodedata

_GROUND = re.compile(r"\b(?:eg|erdgeschoss|ground|gf)\b|底楼", re.IGNORECASE)
_UNDER_GROUND = re.compile(r"\b(?:ug|kg|basement|souterrain)\b|地下", re.IGNORECASE)
_SAID = re.compile(
    r"(\d{1,3})\s*(?:\.\s*)?(?:og\b|stock\b|etage\b|f(?:loor|l)?\b|(?:st|nd|rd|th)\s+floor\b|楼|层|階)", re.IGNORECASE
)
_FLOOR_FIRST = re.compile(r"\b(?:floor|og|etage|stock)\s*(\d{1,3})\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")


def guessed_floor(name: str) -> int | None:
    """Return the floor that a unit's name says: 3 for 302, 12 for A-1204, 2 for 2.OG; None if it says none."""
    text = unicodedata.normalize("NFKC", name)
    said = _SAID.search(text) or _FLOOR_FIRST.search(text)
    if said is not None:
        return int(said[1])
    if _GROUND.search(text):
        return 0
    if _UNDER_GROUND.search(text):
        return -1
    numbers = _NUMBER.findall(text)
    # The last two digits count the flats of a floor: of 12 nobody can say.
    return int(numbers[-1][:-2]) if numbers and len(numbers[-1]) in (3, 4) else None


def floor_of(name: str, floor: int | None) -> int | None:
    """Return the floor of a unit: the one that was typed, otherwise the one that its name says; None if neither does."""
    return guessed_floor(name) if floor is None else floor
