"""This module decodes bytes to text, in the encodings that spreadsheets, banks and loggers write.

A mark at the beginning of the file decides. Without one, UTF-8 and UTF-16 are recognised, because other files hardly
ever look like them. Bytes that remain are of an older encoding, such as Windows-1250, Shift-JIS or GB 18030: `encodings`
chooses it by the letters of the languages, and a hint (a currency or language) says which are likely. If no reading makes
sense, or if two do, the file is refused, because a tenant's name must not be invented.
"""

from __future__ import annotations

import codecs
import re

from .encodings import likeliest
from .problems import TableError, whole
from .texts import _

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
"""Marks of encodings. UTF-32's begins with UTF-16's."""
_MANY = 4
"""So many whole letters there must be for each damaged one."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\ufffe\uffff]")


def decode(content: bytes, hint: str = "") -> str:
    """Return the text of a file, without its mark. `hint` is a currency or language that the file probably is of, such
    as CNY or zh-Hans.

    Raises TableError, which says what to do, if the file is no text or its encoding can't be recognised.
    """
    text = unicode_of(content)
    if text is None:
        text = likeliest(content.rstrip(b"\x1a"), hint)
    if text is None:
        raise _unknown()
    return _checked(text)


def unicode_of(content: bytes) -> str | None:
    """Return the text of a file in UTF-8, UTF-16 or UTF-32, with or without its mark; None if it is in none of them. Raises
    TableError if it has the mark of one, but is damaged.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], encoding)
    if b"\x00" in content:
        return _wide(content)
    try:
        # DOS ended its files with a sign of its own.
        return content.rstrip(b"\x1a").decode("utf-8")
    except UnicodeDecodeError:
        return _damaged(content)


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise whole(
            _("The file begins like %(encoding)s, but is damaged in line %(line)d. Save it again as “CSV UTF-8”.")
            % {"encoding": encoding.upper(), "line": line}
        ) from None


def _checked(text: str) -> str:
    control = _CONTROL.search(text)
    if control is None:
        return text
    line = text.count("\n", 0, control.start()) + 1
    raise whole(
        _(
            "The file is not a text, or it is damaged: line %(line)d has a character that no text has. Save it again from "
            "the spreadsheet as “CSV UTF-8” or .xlsx."
        )
        % {"line": line}
    )


def _wide(content: bytes) -> str:
    """Return the text of UTF-16 without a mark: there, the signs between cells have a byte of zero on the same side."""
    texts = []
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            texts.append(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    best = max(texts, key=lambda text: sum(map(text.count, ",;\t\n")), default="")
    # Else the bytes of zero are what is wrong.
    return best if best and not _CONTROL.search(best) and re.search("[,;\t\n]", best) else content.decode("latin-1")


def _damaged(content: bytes) -> str | None:
    """Return the text of UTF-8 in which a few letters are damaged, for example because it was cut within a letter. The
    damaged letters become �, and code that needs them must report them. None if the bytes are something else.
    """
    text = content.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    return text if sum(not sign.isascii() for sign in text) - lost >= _MANY * lost else None


def _unknown() -> TableError:
    return whole(
        _(
            "The file's encoding can't be recognised: its letters make no sense, or may be of two languages. Save it again "
            "from the spreadsheet as “CSV UTF-8” or .xlsx."
        )
    )
