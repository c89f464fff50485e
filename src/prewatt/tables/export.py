"""CSV that spreadsheets open rightly: in UTF-8 by its mark, and no cell of it is a formula."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

MARK = "\ufeff"
"""By which Excel knows UTF-8."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_UNSEEN = re.compile(r"[\s\x00-\x1f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


def to_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV for a spreadsheet."""
    out = io.StringIO(newline="")
    out.write(MARK)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([harmless("" if cell is None else str(cell)) for cell in row] for row in rows)
    return out.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with an apostrophe before it, if need be."""
    first = unicodedata.normalize("NFKC", _UNSEEN.sub("", text[:20], count=1) if _UNSEEN.match(text) else text)[:1]
    if text[:1] in ("\t", "\r", "\n") or (first and first in "=+-@" and not _NUMBER.fullmatch(text)):
        return f"'{text}"
    return text
