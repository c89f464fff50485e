"""This module writes CSV that spreadsheets open correctly: no cell of it is a formula, and its file has the mark of
UTF-8.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_WITHIN = re.compile(r"([;|\t\r\n]\s*)(?=[=+\-@＝＋－＠])")
"""The places where a formula would begin if a program cut a text apart. In countries that write 0,32, Excel cuts the
lines of this file at semicolons, and ignores quotes within a line.
"""
_UNSEEN = re.compile(r"[\s\x00-\x1f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


def to_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV for a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([harmless("" if cell is None else str(cell)) for cell in row] for row in rows)
    return out.getvalue()


def as_file(text: str) -> bytes:
    """Return the bytes of a file for a spreadsheet, with the mark by which Excel recognises UTF-8."""
    return text.encode("utf-8-sig")


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula. An apostrophe is put before it if needed, and before each
    later place where another program would begin a cell with a formula.
    """
    text = _WITHIN.sub(r"\1'", text)
    unseen = _UNSEEN.match(text)
    first = unicodedata.normalize("NFKC", text[unseen.end() :][:1] if unseen else text[:1])
    if text[:1] in ("\t", "\r", "\n") or (first and first in "=+-@" and not _NUMBER.fullmatch(text)):
        return f"'{text}"
    return text
