"""This module reads the rows of a workbook (.xlsx) within bounds, because a small file can unpack to a very large one."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import openpyxl
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import MAC_EPOCH

from .columns import plain
from .problems import Problem, TableError, shown, whole
from .rows import MOST_COLUMNS, Cell, Row, Since1904
from .texts import _

UNPACKED = 100_000_000
"""The most bytes of all parts of a workbook together."""
PART = 20_000_000
"""The most bytes of a part that is read at once, such as the texts and the styles."""
ROW = 2_000_000
"""The most bytes of a row."""
MOST_PARTS = 3000
MOST_EMPTY = 100_000
"""A sheet ends after so many empty rows, because some sheets go on to the last row that there can be."""
_LOOKED_AT = 30
"""The index of the last row in which a sheet's names and its table are looked for."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')
_LONGEST_MARK = 200
_PADDED = re.compile(r"0{2,20}")


class Merge(NamedTuple):
    """A cell that is merged over several rows: its `last` row, and its place in the first."""

    last: int
    place: int


def read_workbook(content: bytes, names: Collection[str]) -> Iterator[Row]:
    """Return the rows of the visible sheet that names most of the columns, else of the first one that is not empty. Raises
    TableError if the file can't be read, or if several sheets hold such a table, or a hidden one alone does: none is left
    out without a word.
    """
    _check_bounds(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [each for each in book.worksheets if hasattr(each, "reset_dimensions")]
        heads = [_head(each, names, book.epoch == MAC_EPOCH) for each in sheets]
        visible = [head for head in heads if not head.is_hidden] or heads
        chosen = max(visible, key=lambda head: (len(head.names), head.has_table, head.is_filled), default=None)
        if chosen is None or not any(head.is_filled for head in heads):
            raise whole(_("The workbook is empty."))
        _check_shown(chosen, heads)
        _check_alone(chosen, heads)
        yield from _with_merged(_rows(chosen.sheet, chosen.since_1904), _merges(chosen.sheet))
    except TableError:
        raise
    except Exception as error:
        # Whatever is wrong within it, it comes as any of a dozen exceptions.
        raise whole(
            _("The workbook can't be read (%(why)s). Open it, and save it again as .xlsx or “CSV UTF-8”.")
            % {"why": f"{type(error).__name__}: {error}"[:100]}
        ) from None


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise whole(_kind(names))
    read = [part for part in parts if part.filename.endswith((".xml", ".rels"))]
    if len(parts) > MOST_PARTS or _is_too_large(read):
        raise whole(_("The workbook is too large. Save only the sheet that is needed, as “CSV UTF-8”."))
    for part in filter(_is_sheet, read):
        _check_rows(archive, part)


def _is_too_large(parts: Sequence[zipfile.ZipInfo]) -> bool:
    """Return whether parts are too large together, or one that is no sheet is by itself."""
    return _size(parts) > UNPACKED or any(part.file_size > PART for part in parts if not _is_sheet(part))


def _is_sheet(part: zipfile.ZipInfo) -> bool:
    return part.filename.startswith("xl/worksheets/sheet")


def _check_bounds(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        raise whole(
            _("The file begins like a workbook (.xlsx), but a part of it is missing or damaged. Save it again.")
        ) from None
    except zipfile.zlib.error:  # type: ignore[attr-defined]
        raise whole(_("The workbook is damaged. Save it again.")) from None


def _size(parts: Collection[zipfile.ZipInfo]) -> int:
    """Return how many bytes the parts have, unpacked."""
    return sum(part.file_size for part in parts)


def _check_rows(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Check that no row of a sheet is too long. A row is held in memory as a whole, so one of a hundred million cells
    is refused before it is read.
    """
    since = 0
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 16):
            since = 0 if b"row>" in chunk else since + len(chunk)
            if since > ROW:
                raise whole(_("The workbook has a row that is too long. Save the sheet that is needed as “CSV UTF-8”."))


def _kind(names: Collection[str]) -> str:
    if "xl/workbook.bin" in names:
        return _("This is a binary Excel file (.xlsb). Save it as .xlsx or “CSV UTF-8”.")
    if "content.xml" in names:
        return _("This is an OpenDocument file (.ods). Save it as .xlsx or “CSV UTF-8”.")
    if any(name.startswith("word/") for name in names):
        return _("This is a Word document. Copy its table into a spreadsheet, and save that as .xlsx.")
    if any(name.endswith(".iwa") for name in names):
        return _("This is a Numbers file. Export it as .xlsx or CSV.")
    return _("This is a ZIP archive. Unpack it, and take the table that is in it.")


@dataclass(frozen=True)
class _Head:
    """The first rows of a sheet: the known `names` that the best of them has; whether the sheet has anything at all, and
    whether rows of several cells stand below the best row.
    """

    sheet: Any
    since_1904: bool
    names: frozenset[str]
    is_filled: bool
    has_table: bool

    @property
    def is_hidden(self) -> bool:
        """Return whether people do not see the sheet."""
        return bool(self.sheet.sheet_state != "visible")


def _head(sheet: Any, names: Collection[str], since_1904: bool) -> _Head:
    best: frozenset[str] = frozenset()
    is_filled = has_table = False
    for number, row in enumerate(_rows(sheet, since_1904)):
        known = frozenset(name for cell in row.cells if isinstance(cell, str) and (name := plain(cell)) in names)
        filled = sum(cell != "" for cell in row.cells)
        if len(known) > len(best):
            best, has_table = known, False
        elif filled > 1 and is_filled:
            has_table = True
        is_filled = is_filled or filled > 0
        if number == _LOOKED_AT:
            break
    return _Head(sheet, since_1904, best, is_filled, has_table)


def _check_shown(chosen: _Head, heads: Collection[_Head]) -> None:
    """Check that the table is in a sheet that people see, if one is there at all."""
    hidden = [head for head in heads if head.is_hidden and head.has_table and len(head.names) >= len(chosen.names)]
    if hidden and not chosen.has_table:
        text = _(
            "The table is in the hidden sheet %(sheet)s. Show this sheet in the spreadsheet, and save the file again."
        )
        raise whole(text % {"sheet": f"“{shown(hidden[0].sheet.title)}”"})


def _check_alone(chosen: _Head, heads: Collection[_Head]) -> None:
    """Check that no other sheet has a table of the same columns, or, if no columns are known, any table."""
    alike = [
        head
        for head in heads
        if head is chosen or (head.has_table and _is_alike(head.names, chosen.names) and chosen.has_table)
    ]
    if len(alike) > 1:
        sheets = ", ".join(f"“{shown(head.sheet.title)}”" for head in alike[:5])
        text = (
            _(
                "Several sheets of the workbook hold a table: %(sheets)s. At least one of them is hidden: show all sheets in the "
                "spreadsheet. Then delete those that are not needed, or save each as a file of its own."
            )
            if any(head.is_hidden for head in alike)
            else _(
                "Several sheets of the workbook hold a table: %(sheets)s. Save each sheet as a file of its own, and upload one "
                "after the other."
            )
        )
        raise whole(text % {"sheets": sheets})


def _is_alike(one: Collection[str], two: Collection[str]) -> bool:
    """Return whether two rows name columns of one kind of table: one has all the names of the other. A single name says
    nothing.
    """
    short, long = sorted((set(one), set(two)), key=len)
    return short <= long and (len(short) > 1 or len(long) < 2)


def _rows(sheet: Any, since_1904: bool) -> Iterator[Row]:
    # What a sheet says of its own size is often wrong.
    sheet.reset_dimensions()
    empty = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [_cell(cell, since_1904) for cell in row]
        while cells and cells[-1] == "":
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise TableError([Problem(number, "", _("has more than %(most)d columns") % {"most": MOST_COLUMNS})])
        empty = 0 if cells else empty + 1
        if empty > MOST_EMPTY:
            return
        yield Row(number, cells)


def _merges(sheet: Any) -> dict[int, list[Merge]]:
    """Return the cells that are merged over several rows, by their first row."""
    merges: dict[int, list[Merge]] = {}
    for match in _merge_marks(sheet):
        first, last = int(match[2]), int(match[3])
        if first < last:
            merges.setdefault(first, []).append(Merge(last, column_index_from_string(match[1].decode()) - 1))
    return merges


def _merge_marks(sheet: Any) -> Iterator[re.Match[bytes]]:
    """Yield the marks of merged cells in a sheet, which stand behind all its rows."""
    rest = b""
    with sheet._get_source() as stream:
        while chunk := stream.read(1 << 16):
            chunk = rest + chunk
            yield from _MERGED.finditer(chunk)
            # What is cut at the end is looked at again, and nothing twice.
            cut = chunk.rfind(b"<")
            rest = chunk[cut:] if cut >= 0 and b">" not in chunk[cut:] and len(chunk) - cut < _LONGEST_MARK else b""


def _with_merged(rows: Iterator[Row], merges: Mapping[int, Collection[Merge]]) -> Iterator[Row]:
    """Yield rows, each with the values of the merged cells that reach into it from above."""
    reaching: dict[int, tuple[int, Cell]] = {}
    for row in rows:
        reaching = {place: (last, value) for place, (last, value) in reaching.items() if last >= row.number}
        merged = {place: value for place, (_last, value) in reaching.items()}
        yield row._replace(merged=merged) if merged else row
        for last, place in merges.get(row.number, ()):
            if place < len(row.cells):
                reaching[place] = (last, row.cells[place])


def _cell(cell: Any, since_1904: bool) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        number = _number(cell, value)
        return Since1904(number) if since_1904 and isinstance(number, Decimal) else number
    if isinstance(value, datetime):
        # A spreadsheet counts days in fractions, which are a little beside the second.
        return (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    if isinstance(value, time):
        return value.replace(microsecond=0)
    return value if isinstance(value, timedelta) or hasattr(value, "year") else str(value)


def _number(cell: Any, value: float) -> Cell:
    if not math.isfinite(value):
        return str(value)
    # More digits than 15 a spreadsheet neither shows nor keeps.
    number = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    if number == number.to_integral_value() and abs(number) < 10**30:
        number = Decimal(int(number))
        if value >= 0 and _PADDED.fullmatch(str(cell.number_format)):
            # It shows 00123456, and means that.
            return str(number).zfill(len(cell.number_format))
    return number
