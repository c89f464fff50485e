"""This module finds which column is which, by names as people write them, in any of the languages that the caller
knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .problems import Problem, Problems, TableError, whole
from .rows import Cell, Row
from .texts import _

WITHIN = 60
"""The number of first lines in which the names are looked for: titles and remarks may stand before them."""
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_UNIT = re.compile(
    r"\s*[(\[【]([^)\]】]*).*| (?:in|per|pro) (\S+)$| (\S+/\S*wh|ct|cents?|pence|kwh|mwh|m2|qm|sqm|mq|sq\.? ?ft\.?|sqft|sft)$"
    r"| (?:utc|gmt|ce?s?t|mes?z|ept)$"
)
_FED_IN = re.compile(
    r"\b(?:re)?export(?:ed|s)?\b|feed[ -]?in|\bfed[ -]in\b|einspeis|eingespeist|rücklieferung|lieferung ins netz"
    r"|inje[ck]|inyec|injeç|immess|immissione|exportación|exportação|excédent|excedent|vertido|teruglever|teruggeleverd"
    r"|oddan|dodávka do sítě|överskott|outgoing|\bgenerat(?:ion|ed)\b|\breverse\b|上网|上網|反向|馈网"
)
"""Words of energy that flows the other way, into the grid: it is never what was used, nor its price what is paid."""
_TOLD_APART = re.compile(
    r"[(\[【].*(?:[km]wh|千瓦[时時]|兆瓦时|含税"
    r"|\b(?:vat|gst|mwst|ust|btw|iva|tva|moms|netto|brutto|net|gross|(?:in|ex)[ck]l|ht|ttc)\b)"
)
"""What in brackets tells two columns of energy or of prices apart: its unit, or whether the tax is in it."""
_NUMBER = frozenset((
    "", "no", "nr", "number", "nummer", "num", "name", "n°", "nb", "numéro", "numero", "número", "numer", "číslo", "номер",
    "de", "del", "do", "du", "of",
))  # fmt: skip
"""Words of a column's name that add nothing."""
_STROKE = re.compile(r"[/|、·]")
_QUOTES = "\"'“”„‘’«»`"


def plain(name: object) -> str:
    """Return a column's name without what does not matter: capitals, blanks, underscores, full-width letters and
    invisible characters.
    """
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", str(name))).casefold()
    return re.sub(r"[\s_]+", " ", text).strip(" :*" + _QUOTES)


def without_unit(name: str) -> str:
    """Return a plain name without its unit: "kwh (import)" gives "kwh", "fläche in m2" gives "fläche"."""
    return _UNIT.sub("", name).strip(" :*" + _QUOTES) or name


def without_number(name: str) -> str:
    """Return a plain name without words that add nothing: "meter serial no." gives "meter serial", "zähler-nr." gives
    "zähler".
    """
    words = re.split(r"[\s.\-/#]+", without_unit(name))
    return " ".join(word for word in words if word not in _NUMBER)


def meant(name: str, names: Mapping[str, Sequence[str]]) -> str:
    """Return the column that a plain name of several words means, such as "单元/房号" or "flat / apartment no."; empty if one of the
    words is not known, or if they are of two columns.
    """
    parts = [without_number(part) for part in _STROKE.split(without_unit(name)) if part.strip()]
    if len(parts) < 2:
        return ""
    columns = {next((column for column, known in names.items() if part in map(plain, known)), "") for part in parts}
    return columns.pop() if len(columns) == 1 else ""


def unit_of(name: str) -> str:
    """Return the unit in a column's name: what stands in brackets, behind "in", or as its last word. It is plain; empty
    if there is none.
    """
    match = _UNIT.search(plain(name))
    return plain(match[1] or match[2] or match[3] or "") if match else ""


def is_one_of(label: str, known: Collection[str]) -> bool:
    """Return whether a column's name, with or without its unit, is one of the names that are known."""
    return bool({plain(label), without_unit(plain(label))} & set(map(plain, known)))


def is_fed_in(name: str) -> bool:
    """Return whether a plain name says that its energy flows into the grid, such as "energy (export) [kwh]"."""
    return bool(_FED_IN.search(name))


@dataclass(frozen=True)
class Header:
    """The line that names the columns.

    `number` is its line in the file. `places` maps each known column to its index, `labels` to the table's own name for
    it, and `raw` to the cell as it stands there. `width` counts the cells up to the last one that has a name.
    """

    number: int
    places: Mapping[str, int]
    labels: Mapping[str, str]
    raw: Mapping[str, Cell]
    width: int

    def body(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Return the rows after the header that are not empty. If the header is printed again on each page, those rows
        are left out.
        """
        for row in rows:
            if row.number <= self.number or not any(cell != "" for cell in row.cells):
                continue
            if all(
                place < len(row.cells) and row.cells[place] == self.raw[name] for name, place in self.places.items()
            ):
                continue
            yield row

    def each(self, rows: Iterable[Row], problems: Problems) -> Iterator[tuple[Row, dict[str, Cell]]]:
        """Yield the rows of `body`, each with its cells by column. Rows that can't be read so are added to the problems."""
        for row in self.body(rows):
            try:
                cells = self.cells(row)
            except TableError as error:
                problems.add(row.number, "", error.problems[0].text)
            else:
                yield row, cells

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return a row's cells by column; missing cells are empty. Raises TableError if the row has more cells than the
        header, for example because a number with a comma is not in quotation marks.
        """
        if len(row.cells) > self.width and any(cell != "" for cell in row.cells[self.width :]):
            raise TableError([Problem(row.number, "", too_wide(len(row.cells), self.width))])
        count = len(row.cells)
        return {name: row.cells[place] if place < count else "" for name, place in self.places.items()}


def too_wide(count: int, wanted: int) -> str:
    """Return what is wrong with a row of `count` cells below a header of `wanted`."""
    text = _("has %(count)d cells, but the header has %(wanted)d. Put cells that contain a comma in quotation marks")
    return text % {"count": count, "wanted": wanted}


def all_names(names: Mapping[str, Collection[str]]) -> set[str]:
    """Return every name of every column, for `sheet.read`."""
    return {each for known in names.values() for each in known}


def find(
    rows: Iterable[Row],
    names: Mapping[str, Sequence[str]],
    needed: Collection[str],
    instead: Sequence[tuple[str, str]] = (),
    titles: Mapping[str, str] | None = None,
) -> Header:
    """Return the header. No row after it is read from `rows`.

    `names` lists for each column the names that it may have, the best first. `needed` are the columns that must be
    there. `instead` are pairs of a column and another one that replaces it where it is missing. `titles`: the columns'
    names for people, where they differ from those in `names`. Raises TableError that says which needed column is
    missing or occurs twice.
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
    raise _missing(best[1], names, needed, titles or {})


def _places(cells: Sequence[Cell], names: Mapping[str, Sequence[str]]) -> dict[str, int]:
    labels = [plain(cell) for cell in cells]
    # What stands in brackets is left out below, and with it that the energy was not used.
    labels = ["" if is_fed_in(label) else label for label in labels]
    bare = [without_unit(label) for label in labels]
    shortest = [without_number(label) for label in labels]
    places: dict[str, int] = {}
    for column, known in names.items():
        for forms in (labels, bare, shortest):
            place = next((forms.index(name) for name in map(plain, known) if name in forms), None)
            if place is not None:
                places[column] = place
                break
    for place, label in enumerate(labels):
        if column := meant(label, names):
            places.setdefault(column, place)
    return places


def _header(row: Row, places: dict[str, int]) -> Header:
    labels = [plain(cell) for cell in row.cells]
    for place in places.values():
        if labels.count(labels[place]) > 1:
            text = _("line %(line)d: the column %(name)r is there twice. Remove one of them, or give one another name")
            raise whole(text % {"line": row.number, "name": str(row.cells[place]).strip()})
        if rival := _rival(labels, place):
            text = _(
                "line %(line)d: the columns %(name)r and %(other)r can both be meant. Remove the one that is not wanted"
            )
            name, other = (str(row.cells[each]).strip() for each in (place, rival))
            raise whole(text % {"line": row.number, "name": name, "other": other})
    width = max(index for index, label in enumerate(labels) if label) + 1
    raw = {name: row.cells[at] for name, at in places.items()}
    return Header(row.number, places, {name: str(cell).strip(" \ufeff") for name, cell in raw.items()}, raw, width)


def _rival(labels: Sequence[str], place: int) -> int | None:
    """Return a later column of energy, or of prices, that differs from one only in what stands in brackets."""
    name = labels[place]
    if not _TOLD_APART.search(name):
        return None
    for other, label in enumerate(labels):
        alike = _TOLD_APART.search(label) and without_unit(label) == without_unit(name)
        if other > place and alike and not is_fed_in(label):
            return other
    return None


def _missing(
    row: Row | None, names: Mapping[str, Sequence[str]], needed: Collection[str], titles: Mapping[str, str]
) -> TableError:
    wanted = ",".join(titles.get(each, each) for each in needed)
    if row is None:
        return whole(_("line 1: the names of the columns are missing (needed: %(wanted)s)") % {"wanted": wanted})
    lacking = [each for each in needed if each not in _places(row.cells, names)]
    text = _(
        "line %(line)d: the column %(name)r is missing (needed: %(wanted)s; found: %(found)s). "
        "Commas, semicolons or tabs separate columns"
    )
    names_here = ", ".join(str(cell).strip() for cell in row.cells if cell != "")[:200]
    return whole(
        text % {"line": row.number, "name": titles.get(lacking[0], lacking[0]), "wanted": wanted, "found": names_here}
    )
