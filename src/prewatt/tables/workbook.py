"""This module reads the rows of a workbook (.xlsx) within bounds, because a small file can unpack to a very large one."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import openpyxl

from .columns import plain
from .problems import Problem, TableError, whole
from .rows import MOST_COLUMNS, Cell, Row
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
_PADDED = re.compile(r"0{2,20}")


def read_workbook(content: bytes, names: Collection[str]) -> Iterator[Row]:
    """Return the rows of the sheet that names most of the columns, else of the first sheet that is not empty. Raises
    TableError if the file can't be read.
    """
    _check_bounds(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [each for each in book.worksheets if hasattr(each, "reset_dimensions")]
        visible = [each for each in sheets if each.sheet_state == "visible"] or sheets
        chosen = max(visible, key=lambda each: _known(each, names), default=None)
        if chosen is None or _known(chosen, names) == (0, False):
            raise whole(_("The workbook is empty."))
        yield from _rows(chosen)
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


def _known(sheet: Any, names: Collection[str]) -> tuple[int, bool]:
    """Return how many of the names the best of a sheet's first rows has, and whether the sheet has anything at all."""
    best, filled = 0, False
    for number, row in enumerate(_rows(sheet)):
        best = max(best, sum(plain(cell) in names for cell in row.cells if isinstance(cell, str)))
        filled = filled or any(cell != "" for cell in row.cells)
        if number == 30:
            break
    return best, filled


def _rows(sheet: Any) -> Iterator[Row]:
    # What a sheet says of its own size is often wrong.
    sheet.reset_dimensions()
    empty = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [_cell(cell) for cell in row]
        while cells and cells[-1] == "":
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise TableError([Problem(number, "", _("has more than %(most)d columns") % {"most": MOST_COLUMNS})])
        empty = 0 if cells else empty + 1
        if empty > MOST_EMPTY:
            return
        yield Row(number, cells)


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(cell, value)
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
