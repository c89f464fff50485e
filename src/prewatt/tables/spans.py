"""A cell that says a beginning and an end: 01.06.2025 00:00 - 01.06.2025 01:00, 01.06.2025 23:00 – 00:00, or 00:00-00:15 beside a day."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .rows import Cell

_CLOCK = r"\d{1,2}(?::\d{2}){0,2}(?: ?[AaPp][Mm])?"
_END_OF_MOMENT = r"(?:Z|[+-]\d{2}:?\d{2}| ?\((?:CES?T|MES?Z|UTC)\))?"
_MOMENT = rf"\S*\d(?:[T ]|, ){_CLOCK}(?:\.\d+)?{_END_OF_MOMENT}"
_TWO_MOMENTS = re.compile(rf"({_MOMENT})\s*(?:\s[-–—]|[–—]|\s(?:to|bis|until|/))\s*({_MOMENT})")
_DAY_AND_CLOCKS = re.compile(rf"(\S*\d)(?:[T ]|, )({_CLOCK})\s*(?:\s[-–—]|[–—]|\s(?:to|bis|until))\s*({_CLOCK})")
_PLAIN_DASH = re.compile(rf"(\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}),? ({_CLOCK})-({_CLOCK})")
"""Beside a day as people write it, -01:00 is no offset; beside one of ISO 8601 it is."""
_CLOCKS = re.compile(rf"({_CLOCK})\s*(?:[-–—]|\s(?:to|bis|until))\s*({_CLOCK})(?: ?(?:h|uhr))?", re.IGNORECASE)
_LIKE_A_SPAN = re.compile(r"[^\x00-\x7f]|\s(?:-|/|to\b|bis\b|until\b)|\d-\d{1,2}:")
"""What nearly all instants lack, so that they are not looked at further."""


@dataclass(frozen=True)
class Span:
    """A beginning and an end. `is_one_day`: the end has the day of the beginning, also after midnight."""

    begins: Cell
    ends: Cell
    is_one_day: bool


def span_of(cell: Cell, has_day: bool) -> Span | None:
    """Return the beginning and the end that a cell says; None if it says one instant. `has_day`: the day is in a column of its own:
    then 00:00-01:00 are two times, and no time with its offset.
    """
    if not isinstance(cell, str) or not (has_day or _LIKE_A_SPAN.search(cell)):
        return None
    text = unicodedata.normalize("NFKC", cell).strip()
    if has_day and (clocks := _CLOCKS.fullmatch(text)):
        return Span(_with_minutes(clocks[1]), _with_minutes(clocks[2]), is_one_day=True)
    if moments := _TWO_MOMENTS.fullmatch(text):
        return Span(moments[1], moments[2], is_one_day=False)
    if clocks := _DAY_AND_CLOCKS.fullmatch(text) or _PLAIN_DASH.fullmatch(text):
        begins, ends = (f"{clocks[1]} {_with_minutes(clocks[each])}" for each in (2, 3))
        return Span(begins, ends, is_one_day=True)
    return None


def _with_minutes(clock: str) -> str:
    return f"{clock}:00" if clock.isdigit() else clock
