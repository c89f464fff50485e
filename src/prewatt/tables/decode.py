"""This module decodes bytes to text, in the encodings that spreadsheets, banks and loggers write.

A mark at the beginning of the file decides. Without one, UTF-8 and UTF-16 are recognised, because other files hardly
ever look like them. Bytes that remain can be read as GB 18030 and as Windows-1252. The Chinese reading is taken if it
gives everyday Chinese. The European reading is taken if its letters stand as in European words. A hint (a currency or
language) decides if there is little text. If neither reading makes sense, the file is refused, because a tenant's name
must not be invented.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter

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
CHINESE = ("zh", "cn", "rmb")
"""Hints of a language, country or currency by which a file is Chinese."""
_FREQUENT = (0xB0, 0xD7)
"""First bytes of the 3,755 frequent characters in GB 2312."""
_SIGNS = (0xA1, 0xA3)
"""First bytes of the punctuation and the full-width letters in GB 2312."""
_FEW, _MANY = 2, 4
"""So many frequent Chinese characters are evidence without a hint, and against a hint of another language."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\ufffe\uffff]")
_LONG_RUN = re.compile(r"[^\x00-\x7f–—…•·«»„“”‘’€]{4,}")
"""European words have no four such letters in a row: this is Russian, Greek, Japanese or another language's."""
_WITHIN = re.compile(r"[A-Za-z][‚„”†‡ˆ‰‹˜›¢-©¬®-±¶ŠŽŸ][a-z]|[¢¤¦©¬¯±¶¸][a-zÀ-ÿ]|[£¥][a-zà-ÿ]")
"""A sign where a letter should be: the file is from DOS, an old Mac, Poland or Taiwan."""
_CUT = re.compile(rb"\xc3[\x80-\xbf]")
"""A letter in UTF-8, which would be two odd ones in Windows-1252: Ã¼."""


def decode(content: bytes, hint: str = "") -> str:
    """Return the text of a file, without its mark. `hint` is a currency or language that the file probably is of, such
    as CNY or zh-Hans.

    Raises TableError, which says what to do, if the file is no text or its encoding can't be recognised.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _checked(_strictly(content[len(mark) :], encoding))
    if b"\x00" in content:
        return _checked(_wide(content))
    try:
        # DOS ended its files with a sign of its own.
        return _checked(content.rstrip(b"\x1a").decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(_damaged(content) or _one_of_two(content.rstrip(b"\x1a"), hint.casefold()))


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
    likeliest = max(texts, key=lambda text: sum(map(text.count, ",;\t\n")), default="")
    # Else the bytes of zero are what is wrong.
    return (
        likeliest
        if likeliest and not _CONTROL.search(likeliest) and re.search("[,;\t\n]", likeliest)
        else content.decode("latin-1")
    )


def _damaged(content: bytes) -> str:
    """Return the text of UTF-8 in which a few letters are damaged, for example because it was cut within a letter. The
    damaged letters become �, and code that needs them must report them. The result is empty if the bytes are something
    else.
    """
    text = content.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    return text if sum(not sign.isascii() for sign in text) - lost >= _MANY * lost else ""


def _one_of_two(content: bytes, hint: str) -> str:
    text = _chinese(content, hint)
    if text is not None:
        return text
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise _unknown() from None
    if _LONG_RUN.search(text) or _WITHIN.search(text) or _CUT.search(content):
        raise _unknown()
    return text


def _characters(text: str) -> tuple[int, int]:
    """Return how many Chinese characters a text has, and how many of these are frequent ones."""
    written = frequent = 0
    for sign, count in Counter(text).items():
        code = sign.encode("gb18030")
        plain = len(code) == 2 and code[1] >= 0xA1
        if len(code) > 1 and not (plain and _SIGNS[0] <= code[0] <= _SIGNS[1]):
            written += count
            frequent += count if plain and _FREQUENT[0] <= code[0] <= _FREQUENT[1] else 0
    return written, frequent


def _chinese(content: bytes, hint: str) -> str | None:
    """Return the text read as GB 18030 if it is everyday Chinese, else None."""
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    written, frequent = _characters(text)
    if hint.startswith(CHINESE):
        return text if frequent and 2 * frequent >= written else None
    # In European texts two such letters in a row are rare, so that most pairs here would be of a letter and its neighbour.
    return text if frequent >= (_MANY if hint else _FEW) and 5 * frequent >= 4 * written else None


def _unknown() -> TableError:
    return whole(
        _(
            "The file's encoding can't be recognised: its letters make no sense as UTF-8, Windows-1252 or GB 18030. "
            "Save it again from the spreadsheet as “CSV UTF-8” or .xlsx."
        )
    )
