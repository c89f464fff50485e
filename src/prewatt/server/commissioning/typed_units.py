"""Reads units as people type them into a field: names and ranges (101-112, 201-212), a unit a line with its meter and its
tenant, or a table that was copied from a spreadsheet.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from ...tables.columns import all_names, find
from ...tables.problems import Problems, TableError
from ...tables.rows import Cell, Row
from ...tables.sheet import read
from .apartments import FlatList, apartments_in
from .list_columns import NAMES

MOST = 2000
"""The most units that are typed at once. A larger list is a file."""
LONGEST_RANGE = 120
"""The most characters of a range."""
NEEDED = ("unit",)
"""The columns that units need on the page: a meter that is not known yet is found by its gateway."""
COLUMNS = ("unit", "meter", "tenant")
"""What the parts of a line are if no line names the columns."""
_CELLS = re.compile(r"[;；\t|]")
_NAMES = re.compile(r"[,，、]")
_RANGE = re.compile(
    r"(?P<before>.*?)(?P<first>\d+)(?P<behind>\D*?)\s*(?:-|–|—|~|～|\.\.|\bto\b|\bbis\b|至|到)\s*"
    r"(?P<before2>.*?)(?P<last>\d+)(?P<behind2>\D*)"
)


def typed_apartments(text: str, currency: str, zone: str, problems: Problems | None = None) -> FlatList:
    """Return the apartments that were typed, for a building with this `currency` and time `zone`. A TableError names all lines
    that are wrong; if `problems` are given they gather that instead, and the other lines' apartments are returned.
    """
    table = _as_table(text, currency)
    if table is not None:
        return apartments_in(table, currency, zone, NEEDED, problems)
    gathered = Problems() if problems is None else problems
    rows: list[Row] = [Row(0, list(COLUMNS))]
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in _CELLS.split(line)]
        if len(cells) > len(COLUMNS):
            gathered.add(number, "", _("has more than three parts. Type only: flat; meter; tenant"))
        rows += [Row(number, unit) for unit in _units(cells[: len(COLUMNS)])]
        if len(rows) > MOST + 1:
            gathered.add(number, "", _("there are more than %(most)d units. Choose a file instead") % {"most": MOST})
            break
    typed = apartments_in(rows, currency, zone, NEEDED, gathered)
    if problems is None:
        gathered.check()
    return typed


def _as_table(text: str, currency: str) -> list[Row] | None:
    """Return the rows of a text in which a line names the columns; None if none does."""
    try:
        rows = list(read(text.encode(), all_names(NAMES), currency))
        find(rows, NAMES, NEEDED)
    except TableError:
        return None
    return rows


def _units(cells: list[str]) -> list[list[Cell]]:
    """Return the rows of a line: one with its meter and tenant, or one for each unit that it names."""
    if any(cells[1:]):
        return [list(cells)]
    return [[name] for part in _NAMES.split(cells[0]) for name in names_of(part.strip()) if name]


def names_of(part: str) -> list[str]:
    """Return the names of a range such as 101-112 or Flat 1 - Flat 12, or the name itself if it is no range. 1-101 is a
    name, as is 12-3: the last number of a range is larger, and has at most one digit more.
    """
    two = _two_numbers(part)
    if two is None or not len(two.first) <= len(two.last) <= len(two.first) + 1:
        return [part]
    numbers = range(int(two.first), int(two.last) + 1)
    if not 2 <= len(numbers) <= MOST:
        return [part]
    width = len(two.first) if two.first.startswith("0") else 0
    return [f"{two.before}{number:0{width}}{two.behind}" for number in numbers]


@dataclass(frozen=True)
class LikelyRange:
    """A text that is taken as the `name` of one flat, and the range that the person may have `meant` by it. If that
    range `is_too_long`, `meant` is the longest possible one.
    """

    name: str
    meant: str
    is_too_long: bool = False


def likely_ranges(text: str, currency: str) -> list[LikelyRange]:
    """Return the names among typed units, without a meter or a tenant, that may be ranges: the second number is smaller or
    shorter than the first (110-105 is a range that runs backwards, or flat 105 of house 110), or far larger (101-99999).
    Only the person knows.
    """
    if _as_table(text, currency) is not None:
        # In a table there are no ranges.
        return []
    lines = ([cell.strip() for cell in _CELLS.split(line)] for line in text.splitlines())
    parts = (part.strip() for cells in lines if not any(cells[1:]) for part in _NAMES.split(cells[0]))
    return [likely for part in parts if (likely := _likely_range(part))]


def _likely_range(part: str) -> LikelyRange | None:
    """Return the range that a name may have been meant as; None if it is no likely one."""
    two = _two_numbers(part)
    if two is None or len(two.first) > 9:
        return None
    if int(two.last) >= int(two.first) and len(two.last) >= len(two.first):
        longest = _longest(two)
        return LikelyRange(part, longest, is_too_long=True) if longest else None
    meant = _turned_round(two)
    return LikelyRange(part, meant) if meant else None


def _longest(two: _TwoNumbers) -> str:
    """Return the longest range from the first of two numbers; empty if up to the last there are not too many, or it is a flat
    of a house, such as 12-2501.
    """
    first, is_of_house = int(two.first), len(two.first) <= 2 and len(two.last) <= 4
    if is_of_house or int(two.last) - first < MOST:
        return ""
    last = min(first + MOST, 10 ** (len(two.first) + 1)) - 1
    return f"{two.before}{two.first}-{last}{two.behind}"


def _turned_round(two: _TwoNumbers) -> str:
    """Return the range of two numbers of which the second is smaller or shorter; empty if they are the same."""
    # Of 101-5 the end is 105, as people write the pages of a book.
    whole = two.first[: len(two.first) - len(two.last)] + two.last
    first, last = (two.first, whole) if int(whole) > int(two.first) else (two.last, two.first)
    return f"{two.before}{first}-{last}{two.behind}" if first != last else ""


class _TwoNumbers(NamedTuple):
    """The two numbers of what may be a range, and what stands `before` and `behind` both."""

    before: str
    first: str
    last: str
    behind: str


def _two_numbers(part: str) -> _TwoNumbers | None:
    """Return the two numbers of a part; None if it has others, or is something else before or behind them."""
    # A range is two names. To look for one in a very long text takes very long.
    match = _RANGE.fullmatch(unicodedata.normalize("NFKC", part)) if len(part) <= LONGEST_RANGE else None
    if match is None:
        return None
    behind = match["behind2"] or match["behind"]
    is_same = match["before2"] in ("", match["before"]) and match["behind"] in ("", behind)
    if not is_same or len(match["last"]) > 9:
        return None
    return _TwoNumbers(match["before"], match["first"], match["last"], behind)
