"""This module reads a file's bytes as rows of cells: CSV with any separator, or a workbook."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from .columns import plain
from .decode import decode
from .problems import Problem, TableError, whole
from .rows import MOST_COLUMNS, Row
from .texts import _

SEPARATORS = "\t;|,，；"
"""Signs between cells. If several fit, the first one counts, because a comma may also stand in a number."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_OTHER_FILES = (
    (b"%pdf", "PDF"), (b"{\\rtf", "RTF"), (b"<!doctype html", "HTML"), (b"<html", "HTML"), (b"<table", "HTML"),
    (b"<?xml", "XML"), (b"<", "XML"), (b"{", "JSON"), (b"\x89png", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"gif8", "GIF"),
    (b"\x1f\x8b", "gzip"), (b"rar!", "RAR"), (b"7z\xbc\xaf", "7z"), (b"sqlite format 3", "SQLite"), (b"par1", "Parquet"),
)  # fmt: skip
"""How files of other kinds begin, in small letters."""
_HEAD = 200
"""The number of lines that are read to find the separator."""


def read(content: bytes, names: Collection[str] = (), hint: str = "") -> Iterator[Row]:
    """Return the rows of a file in their order, empty ones too. Rows of CSV are read one by one.

    `names` are names that the columns may have: they show the separator, and which sheet of a workbook is meant.
    `hint`: see `decode`.

    Raises TableError that says what the file is instead, or which line can't be read.
    """
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        # Imported here: a gateway whose recording is CSV does without.
        try:
            from .workbook import read_workbook
        except ModuleNotFoundError:
            raise whole(
                "Here no Excel files can be read: save it as “CSV UTF-8”, or pip install 'prewatt[server]'."
            ) from None

        return iter(read_workbook(content, frozenset(map(plain, names))))
    other = _other(content)
    if other:
        raise whole(other)
    return _csv(decode(content, hint), frozenset(map(plain, names)))


def _other(content: bytes) -> str:
    """Return what a file is that is no table, and what to do; empty if it may be a table."""
    head = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        return _("The file is empty.")
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _(
            "This is an old Excel file (.xls), or one with a password. Open it, and save it as .xlsx without a password, or as “CSV UTF-8”."
        )
    for beginning, name in _OTHER_FILES:
        if head.startswith(beginning):
            return _("This is a file of the kind %(kind)s. Export the table as “CSV UTF-8” or .xlsx.") % {"kind": name}
    return ""


def _csv(text: str, names: Collection[str]) -> Iterator[Row]:
    declared = ""
    if text[:4].lower() == "sep=" and text[5:6] in ("", "\r", "\n"):
        # In a first line such as sep=; Excel declares the separator.
        declared = text[4:5]
    sign = declared or _separator(text, names)
    reader = _reader(_lines(text), sign)
    begin = 1
    try:
        for cells in reader:
            number, begin = begin, reader.line_num + 1
            if len(cells) > MOST_COLUMNS:
                raise TableError([Problem(number, "", _("has more than %(most)d columns") % {"most": MOST_COLUMNS})])
            if number > 1 or not declared:
                yield Row(number, list(cells))
    except csv.Error:
        raise TableError(
            [
                Problem(
                    begin,
                    "",
                    _(
                        'a quotation mark (") is not closed, or is inside a cell that is in quotation marks. Inside '
                        'such a cell, write it twice ("")'
                    ),
                )
            ]
        ) from None


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with their ends, of which there are three kinds. Lines come one by one, so that a year of a large
    building is held in memory only once.
    """
    return (match[0] for match in _LINE.finditer(text))


def _reader(lines: Iterable[str], sign: str) -> Any:
    return csv.reader(lines, delimiter=sign, strict=True, skipinitialspace=True)


def _separator(text: str, names: Collection[str]) -> str:
    """Return the sign between cells: the one with which a line names most of the known columns, else the one with which
    most lines have as many cells.
    """
    best, separator = (0, 0), ","
    for sign in SEPARATORS:
        rows: list[list[str]] = []
        # What is wrong is said when the rows are read; those before it tell enough.
        with contextlib.suppress(csv.Error):
            # More columns than are read say nothing, and there may be millions.
            rows.extend(cells[: MOST_COLUMNS + 1] for cells in islice(_reader(_lines(text), sign), _HEAD))
        score = _score(rows, names)
        if score > best:
            best, separator = score, sign
    return separator


def _score(rows: Sequence[Sequence[str]], names: Collection[str]) -> tuple[int, int]:
    """Return how many known columns the best of the rows names, and how many rows have the most usual number of cells."""
    known = max((sum(plain(cell) in names for cell in cells) for cells in rows), default=0) if names else 0
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    return known, widths.most_common(1)[0][1] if widths else 0
