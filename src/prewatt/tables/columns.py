"""Which column is which: names as people write them, in any of the languages that the caller knows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .problems import Problem, TableError, whole
from .rows import Cell, Row
from .texts import _

WITHIN = 60
"""The names are in one of so many first lines: titles and remarks may stand before them."""
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_UNIT = re.compile(r"\s*[(\[【]([^)\]】]*).*| (?:in|per|pro) (\S+)$| (\S+/\S*wh|ct|cents?|pence|kwh|mwh)$")
_QUOTES = "\"'“”„‘’«»`"


def plain(name: object) -> str:
    """A column's name without what does not matter: capitals, blanks, underscores, full width, marks that can't be seen."""
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", str(name))).casefold()
    return re.sub(r"[\s_]+", " ", text).strip(" :*" + _QUOTES)


def without_unit(name: str) -> str:
    """A plain name without its unit: kwh (import), fläche in m2."""
    return _UNIT.sub("", name).strip(" :*" + _QUOTES) or name


def without_number(name: str) -> str:
    """A plain name without words that add nothing: meter serial no. is meter serial, zähler-nr. is zähler."""
    words = re.split(r"[\s.\-/#]+", without_unit(name))
    return " ".join(word for word in words if word not in ("", "no", "nr", "number", "nummer", "num", "name"))


def unit_of(name: str) -> str:
    """The unit in a column's name: in brackets, behind "in", or its last word. Plain, empty if there is none."""
    found = _UNIT.search(plain(name))
    return plain(found[1] or found[2] or found[3] or "") if found else ""


@dataclass(frozen=True)
class Header:
    """The line that names the columns. `places`: where each known column is; `told`: the table's own name for it, `raw` as it
    stands there; `width`: cells up to the last one that has a name.
    """

    number: int
    places: Mapping[str, int]
    told: Mapping[str, str]
    raw: Mapping[str, Cell]
    width: int

    def body(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows after it that say anything; where it is printed again on each page, that is left out."""
        for row in rows:
            if row.number <= self.number or not any(cell != "" for cell in row.cells):
                continue
            if all(
                place < len(row.cells) and row.cells[place] == self.raw[name] for name, place in self.places.items()
            ):
                continue
            yield row

    def cells(self, row: Row) -> dict[str, Cell]:
        """A row's cells by column; those that it has not are empty. TableError if it has more than the header names: of a
        number with a comma, say, that is not in quotation marks.
        """
        if len(row.cells) > self.width and any(cell != "" for cell in row.cells[self.width :]):
            text = _(
                "has %(count)d cells, and the header %(wanted)d: put cells with a comma in them in quotation marks"
            )
            raise TableError([Problem(row.number, "", text % {"count": len(row.cells), "wanted": self.width})])
        count = len(row.cells)
        return {name: row.cells[place] if place < count else "" for name, place in self.places.items()}


def all_names(names: Mapping[str, Collection[str]]) -> set[str]:
    """Every name of every column, for `sheet.read`."""
    return {each for known in names.values() for each in known}


def find(
    rows: Iterable[Row],
    names: Mapping[str, Sequence[str]],
    needed: Collection[str],
    instead: Sequence[tuple[str, str]] = (),
) -> Header:
    """The header, and no row after it is taken. `names`: for each column those that it may have, the best first; `instead`: a
    column, and another one that stands in for it where it is missing. TableError says which of the needed ones is missing,
    or is there twice.
    """
    best: tuple[int, Row | None] = (-1, None)
    for _count, row in zip(range(WITHIN), rows, strict=False):
        places = _places(row.cells, names)
        for column, other in instead:
            if column not in places and other in places:
                places[column] = places.pop(other)
        if set(needed) <= set(places):
            return _header(row, places)
        if len(places) > best[0] and any(cell != "" for cell in row.cells):
            best = (len(places), row)
    raise _missing(best[1], names, needed)


def _places(cells: Sequence[Cell], names: Mapping[str, Sequence[str]]) -> dict[str, int]:
    told = [plain(cell) for cell in cells]
    bare = [without_unit(each) for each in told]
    least = [without_number(each) for each in told]
    found: dict[str, int] = {}
    for column, known in names.items():
        for each in (told, bare, least):
            place = next((each.index(name) for name in map(plain, known) if name in each), None)
            if place is not None:
                found[column] = place
                break
    return found


def _header(row: Row, places: dict[str, int]) -> Header:
    told = [plain(cell) for cell in row.cells]
    for place in places.values():
        if told.count(told[place]) > 1:
            text = _(
                "line %(line)d: the column %(name)r is there twice: leave one out, or name the other one otherwise"
            )
            raise whole(text % {"line": row.number, "name": str(row.cells[place]).strip()})
    width = max(index for index, name in enumerate(told) if name) + 1
    raw = {name: row.cells[at] for name, at in places.items()}
    return Header(row.number, places, {name: str(cell).strip(" \ufeff") for name, cell in raw.items()}, raw, width)


def _missing(row: Row | None, names: Mapping[str, Sequence[str]], needed: Collection[str]) -> TableError:
    wanted = ",".join(needed)
    if row is None:
        return whole(_("line 1: no line names the columns (needed: %(wanted)s)") % {"wanted": wanted})
    lacking = [each for each in needed if each not in _places(row.cells, names)]
    text = _(
        "line %(line)d: the column %(name)r is missing (needed: %(wanted)s; found: %(found)s). "
        "Commas, semicolons or tabs separate columns"
    )
    found = ", ".join(str(cell).strip() for cell in row.cells if cell != "")[:200]
    return whole(text % {"line": row.number, "name": lacking[0], "wanted": wanted, "found": found})
