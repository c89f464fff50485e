"""The rows of a list of flats that are not one flat each: sums, headings, remarks, a second line of names, cells for several rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Hashable, Iterator, Mapping, MutableMapping

from django.utils.translation import gettext as _

from ...kernel.names import natural
from ...tables.cells import text_of
from ...tables.columns import Header
from ...tables.problems import Problem, TableError
from ...tables.rows import Cell, Row
from ...tables.words import begins_total
from .list_columns import column_of

OF_ONE_FLAT = frozenset(("unit", "meter", "area", "occupants", "fuse"))
"""The columns of which each flat has a value of its own."""
_COUNTED = re.compile(
    r"(sum|count|insgesamt|anzahl|nombre|liczba)\b.*|共\d+.*"
    r"|\d+ ?(units|flats|apartments|wohnungen|einheiten|logements|lokali|户|套)"
)
"""What a line under a list says that counts its flats."""
_UNLIKE = re.compile(r"(?<!\d)\s+|\s+(?!\d)|(?<=[^\W\d])\.")
_REMARK = re.compile(r"[*†].*|.*:(\s.*)?")
"""What a remark or a heading looks like."""


def is_total(row: Row, unit: str, meter: str, tenant: str) -> bool:
    """Return whether a row is a sum: its unit says so, or any cell if it has no unit. What stands in the place of the tenant is
    the number of them then, and no name.
    """
    if meter or (tenant and not begins_total(tenant) and not any(each.isdigit() for each in tenant)):
        return False
    return (
        any(map(begins_total, [unit] if unit else map(text_of, row.cells)))
        or _COUNTED.fullmatch(unit.casefold()) is not None
    )


def check_one_head(header: Header, first: Row | None) -> None:
    """Raise TableError if the `first` row under the names of the columns has names too: then a column has half of its name in each."""
    texts = [text for cell in (first.cells if first else ()) if (text := text_of(cell))]
    others = [text for text in texts if not column_of(text)]
    # A flat or its meter has a number, also where a house is called Haus and a role Wohnung.
    if first is not None and header.number and len(texts) - len(others) > 1 and not any(map(_has_digit, others)):
        text = _("is a second line with names of columns. Write the whole name of each column into one line")
        raise TableError([Problem(first.number, "", text)])


def spread(row: Row, places: Mapping[str, int], cells: MutableMapping[str, Cell]) -> list[str]:
    """Write into the `cells` of a row what stands in a cell that is merged with those of rows above. Returns the columns in which that
    can't be, because each flat has a value of its own there.
    """
    shared = [name for name, place in places.items() if place in row.merged and not text_of(cells[name])]
    for name in shared:
        cells[name] = "?" if name in OF_ONE_FLAT else row.merged[places[name]]
    return [name for name in shared if name in OF_ONE_FLAT]


def likeness(name: str) -> Hashable:
    """Return what is the same for names that differ only in capitals, in zeros before a number, in blanks beside letters and in dots
    behind them: WE 01, We1 and WE. 1 are one flat.
    """
    return natural(_UNLIKE.sub("", unicodedata.normalize("NFKC", name)))


class Alone:
    """Finds headings and remarks among the rows in which nothing but the flat's name stands. Such a row may be a flat that has no
    meter yet and in which nobody lives.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._behind_gap: set[int] = set()
        self._others: list[str] = []
        self._last = 0

    def take(self, row: Row, unit: str) -> None:
        """Take a row, with the name of its flat."""
        if sum(bool(text_of(cell)) for cell in row.cells) == 1 and unit not in ("", "?"):
            self._names[row.number] = unit
            if row.number > self._last + 1:
                self._behind_gap.add(row.number)
        elif unit:
            self._others.append(unit)
        self._last = row.number

    def doubtful(self) -> Iterator[int]:
        """Yield the lines that may be no flat."""
        are_usual = len(self._names) >= len(self._others)
        longest = max(map(len, self._others), default=0)
        have_digits = 5 * sum(map(_has_digit, self._others)) >= 4 * len(self._others)
        for line, name in self._names.items():
            differs = (have_digits and not _has_digit(name)) or len(name) > 2 * longest + 5 or line in self._behind_gap
            if _REMARK.fullmatch(name) or (differs and not are_usual):
                yield line


def _has_digit(text: str) -> bool:
    return any(each.isdigit() for each in text)


def lines_without(column: str, rows: Collection[tuple[int, Mapping[str, Cell]]]) -> tuple[int, ...]:
    """Return the lines in which a column is empty, though it has a value in a line above: it may hold for them too."""
    filled = [line for line, cells in rows if text_of(cells.get(column, ""))]
    return tuple(line for line, cells in rows if filled and line > filled[0] and not text_of(cells.get(column, "")))
