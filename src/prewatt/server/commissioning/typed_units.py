"""Reads units as people type them into a field: names and ranges (101-112, 201-212), a unit a line with its meter and its
tenant, or a table that was copied from a spreadsheet.
"""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from ...tables.columns import find
from ...tables.problems import Problems, TableError
from ...tables.rows import Cell, Row
from ...tables.sheet import read
from .apartments import NAMES, Apartment, apartments_in

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


def typed_apartments(text: str, currency: str, zone: str) -> list[Apartment]:
    """Return the apartments that were typed, for a building with this `currency` and time `zone`. A TableError names all
    lines that are wrong.
    """
    table = _as_table(text, currency)
    if table is not None:
        return apartments_in(table, currency, zone, NEEDED)
    problems = Problems()
    rows: list[Row] = [Row(0, list(COLUMNS))]
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in _CELLS.split(line)]
        if len(cells) > len(COLUMNS):
            problems.add(number, "", _("has more than a unit, a meter and a tenant"))
        rows += [Row(number, unit) for unit in _units(cells)]
        if len(rows) > MOST + 1:
            problems.add(number, "", _("there are more than %(most)d units. Choose a file instead") % {"most": MOST})
            break
    problems.check()
    return apartments_in(rows, currency, zone, NEEDED)


def _as_table(text: str, currency: str) -> list[Row] | None:
    """Return the rows of a text in which a line names the columns; None if none does."""
    try:
        rows = list(read(text.encode(), {each for known in NAMES.values() for each in known}, currency))
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
    # A range is two names. To look for one in a very long text takes very long.
    match = _RANGE.fullmatch(unicodedata.normalize("NFKC", part)) if len(part) <= LONGEST_RANGE else None
    if match is None:
        return [part]
    before, first, last = match["before"], match["first"], match["last"]
    behind = match["behind2"] or match["behind"]
    same = match["before2"] in ("", before) and match["behind"] in ("", behind)
    if not same or len(last) > 9 or not len(first) <= len(last) <= len(first) + 1:
        return [part]
    numbers = range(int(first), int(last) + 1)
    if not 2 <= len(numbers) <= MOST:
        return [part]
    width = len(first) if first.startswith("0") else 0
    return [f"{before}{number:0{width}}{behind}" for number in numbers]
