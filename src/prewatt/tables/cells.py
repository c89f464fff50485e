"""One cell, read as what it is meant to be; and what spreadsheets make of cells that they take for something else."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from ..amounts import NoAmount, read_number
from .problems import shown
from .rows import Cell
from .texts import _

NOBODY = frozenset(
    ("n/a", "n.a.", "n.a", "nv", "n/v", "none", "null", "nil", "nobody", "no one", "no", "no tenant", "vacant",
     "vacancy", "empty", "unoccupied", "not occupied", "unlet", "not let", "to let", "for rent", "not rented",
     "untenanted", "vakant", "void", "leer", "leerstand", "leerstehend", "steht leer", "unbewohnt", "unvermietet", "nicht vermietet",
     "nicht belegt", "niemand", "keiner", "keine", "kein mieter", "keine mieter", "entfällt", "空", "空置", "空房",
     "空室", "空闲", "闲置", "无", "無", "无人", "無人", "无人居住", "未租", "未出租", "未入住", "待租", "暂无", "没有")
)  # fmt: skip
"""What people write where nobody lives, in small letters."""
_NOBODY_FIRST = re.compile(
    r"(vacant|vacancy|vakant|unoccupied|unlet|untenanted|leerstand|leerstehend|unvermietet|unbewohnt)\b"
    r"|(frei|leer|empty|void) (ab|seit|since|from)\b|空置|空房|未出租|待租|闲置"
)
DOUBTFUL = frozenset(
    ("frei", "free", "na", "x", "xx", "xxx", "kein", "tbd", "tba", "tbc", "test", "unknown", "unbekannt", "available",
     "待定", "未知", "不详")
)  # fmt: skip
"""What may be a name, or say that there is none."""
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
"""Days out of these are a slip."""
DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")
"""Forms of a day that can be read one way only. 06/10/2025 can't: a whole file may settle it."""
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?!\d)")
_EPOCH = date(1899, 12, 30)
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_EXPONENT = re.compile(r"\d+[.,]\d+e[+-]?\d+|\d+e\+\d+", re.IGNORECASE)
_QUOTED = re.compile(r'="(.*)"', re.DOTALL)
_ERROR = re.compile(
    r"#(n/a|nv|ref!?|bezug!?|value!?|wert!?|name\??|div/0!?|num!?|zahl!?|null!?|calc!?|spill!?|überlauf!?|#+)",
    re.IGNORECASE,
)
_WITH_UNIT = re.compile(r"((?:\W|\d)*\d[^\w\s]*)\s*([^\W\d_]\S*)?")
_MONTH = r"(?:jan|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]{0,6}"
_DAY_MADE = re.compile(
    rf"\d{{1,2}}[.\- ]{{1,2}}{_MONTH}\.?|{_MONTH}[.\- ]\d{{2,4}}|\d{{1,2}}月\d{{1,2}}日"
    r"|(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./])\d{1,2}\1\d{4}|\d{4}/\d{1,2}/\d{1,2})(?: \d{1,2}:\d{2}(?::\d{2})?)?",
    re.IGNORECASE,
)


class CellError(ValueError):
    """A cell is not what is wanted there; the message, for people, says what was found and how to mend it."""


class DoubtfulDay(CellError):
    """A cell is a day, and it can't be known which."""


def text_of(cell: Cell) -> str:
    """A cell's text, without blanks about it and marks that can't be seen; a number as it is written without an exponent, an
    instant as in ISO 8601.
    """
    if isinstance(cell, str):
        if cell.isascii():
            return cell.strip()
        return unicodedata.normalize("NFC", _UNSEEN.sub("", cell)).strip()
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    return str(cell)


def name_of(cell: Cell) -> str:
    """A name in a cell, on one line: of a flat, a person, a part of the building. `="1-2"` is what is between the marks. CellError
    if a spreadsheet has spoilt it.
    """
    if isinstance(cell, datetime | date | time | timedelta):
        raise CellError(
            _(
                "%(found)s: a spreadsheet has made a day or a time of this name. Make the cell a text and type the name anew "
                'or write ="the name"'
            )
            % {"found": text_of(cell)}
        )
    text = text_of(cell)
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return " ".join(quoted[1].replace('""', '"').split())
    _not_spoilt(text)
    text = re.sub(r"^'(?=[\d=+-])", "", text)
    if text.startswith("="):
        raise CellError(_("%(found)r is a formula: write what it comes to") % {"found": shown(text)})
    if "\ufffd" in text:
        raise CellError(
            _("%(found)r: letters of this name were lost in an earlier file. Type it anew") % {"found": shown(text)}
        )
    if _DAY_MADE.fullmatch(text):
        raise CellError(
            _('%(found)r: a spreadsheet has made a day of this name. Make the cell a text, or write ="the name"')
            % {"found": text}
        )
    if "\n" in text or "\r" in text:
        raise CellError(
            _("%(found)r goes over several lines: a name has one; perhaps a quotation mark is missing before")
            % {"found": shown(text)}
        )
    return " ".join(text.split())


SPOILT_FROM = 10**15
"""A spreadsheet keeps fifteen digits of a number, and makes zeros of the rest."""


def serial_of(cell: Cell) -> str:
    """A serial number, as it stands on the meter. CellError if a spreadsheet has spoilt it."""
    if isinstance(cell, Decimal) and (cell != cell.to_integral_value() or abs(cell) >= SPOILT_FROM):
        raise CellError(_rounded(text_of(cell)))
    text = unicodedata.normalize("NFKC", name_of(cell))
    if _EXPONENT.fullmatch(text.replace(" ", "")):
        raise CellError(_rounded(text))
    if not isinstance(cell, str) or said_exactly(cell):
        return text
    if re.fullmatch(r"[1-9]\d{14}0+", text):
        raise CellError(_rounded(text))
    if re.fullmatch(r"\d{1,3}([.,’']\d{3})+", text):
        raise CellError(
            _("%(found)r: a spreadsheet has set marks between the digits of this serial. Write it without")
            % {"found": text}
        )
    if re.fullmatch(r"\d+[.,]0+", text):
        raise CellError(
            _(
                "%(found)r: a spreadsheet has made a number of this serial. It is %(plain)s, perhaps with zeros before it"
            )
            % {"found": text, "plain": re.split("[.,]", text)[0]}
        )
    return text


def _rounded(text: str) -> str:
    return _(
        "%(found)r: a spreadsheet has made a number of this serial, and its last digits may be lost. Make the column a text, and "
        "type the serial anew from the meter"
    ) % {"found": shown(text)}


def lost_zeros(serials: Sequence[str]) -> dict[int, int]:
    """Which serials have probably lost zeros at their front, and how long they should be: those that are shorter than others
    that have kept theirs, or than nearly all of the others.
    """
    digits = [each for each in serials if each.isascii() and each.isdigit()]
    padded = Counter(len(each) for each in digits if each.startswith("0"))
    usual, count = Counter(map(len, digits)).most_common(1)[0] if digits else (0, 0)
    length = padded.most_common(1)[0][0] if padded else usual if count >= 4 and 5 * count >= 4 * len(digits) else 0
    return {
        index: length
        for index, each in enumerate(serials)
        if each.isascii() and each.isdigit() and len(each) < length and not each.startswith("0")
    }


def said_exactly(cell: Cell) -> bool:
    """Whether a cell says of itself that it is text: ="00123456"."""
    return isinstance(cell, str) and _QUOTED.fullmatch(text_of(cell)) is not None


def tenant_of(cell: Cell) -> str:
    """A tenant's name; empty where the cell says that nobody lives there. CellError if it may be either."""
    text = name_of(cell)
    bare = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    word = bare.strip("()[]<>*. ")
    if not bare.strip("()[]<>*-–—_./?·…0 ") or {word, bare} & NOBODY or _NOBODY_FIRST.match(word):
        return ""
    if word in DOUBTFUL:
        raise CellError(
            _("%(found)r may be a name, or say that nobody lives there: leave the cell empty, or write the full name")
            % {"found": text}
        )
    return text


def is_nothing(text: str) -> bool:
    """Whether a text stands where there is nothing: -, n/a, none."""
    bare = unicodedata.normalize("NFKC", text).casefold().strip("()[]<>*-–—_./?·… ")
    return not bare or bare in (
        "n/a",
        "na",
        "n.a",
        "none",
        "null",
        "nil",
        "tbd",
        "tba",
        "tbc",
        "keine",
        "keiner",
        "kein",
        "无",
        "暂无",
        "没有",
    )


def number_of(cell: Cell, decimal: str = "", units: Collection[str] = ("",)) -> Decimal:
    """A number, exactly. `decimal`: the sign before the decimals where the file tells; `units`, in small letters, that may
    stand behind it. CellError if it is none, has another unit, or can be read in two ways.
    """
    if isinstance(cell, Decimal):
        return cell
    text = text_of(cell)
    _not_spoilt(text)
    if not isinstance(cell, str):
        raise CellError(_("%(found)r is a day or a time, not a number") % {"found": text})
    quoted = _QUOTED.fullmatch(text)
    # m² is m2 then, so that the unit goes before its digit is taken for one of the number.
    parts = _WITH_UNIT.fullmatch(unicodedata.normalize("NFKC", quoted[1] if quoted else text).strip())
    if parts is None or (parts[2] and parts[2].casefold() not in units):
        raise CellError(_("%(found)r is no number such as %(example)s") % {"found": shown(text), "example": "12.5"})
    try:
        return read_number(parts[1], decimal)
    except NoAmount as error:
        raise CellError(str(error)) from None


def order_of_days(texts: Iterable[str]) -> str:
    """Whether days such as 06/10/2025 name the day first (`dm`) or the month (`md`), by those of a whole file that leave no
    doubt; empty if there are none, or they disagree.
    """
    found = set()
    for text in texts:
        parts = _SLASHED.match(unicodedata.normalize("NFKC", text))
        if parts and int(parts[1]) > 12:
            found.add("dm")
        elif parts and int(parts[2]) > 12:
            found.add("md")
    return found.pop() if len(found) == 1 else ""


def day_of(cell: Cell, order: str = "") -> date:
    """A day. `order`: of a file's days with two slashes or hyphens, see `order_of_days`. CellError if it is none, lies out of
    this century, or can be read in two ways.
    """
    if isinstance(cell, datetime):
        found = cell.date()
    elif isinstance(cell, date):
        found = cell
    elif isinstance(cell, Decimal) and cell == cell.to_integral_value() and cell < 10**5:
        # A day that lacks its format.
        found = _EPOCH + timedelta(days=int(cell))
    else:
        found = _typed_day(text_of(cell), order)
    if not FIRST_DAY <= found <= LAST_DAY:
        raise CellError(
            _("%(found)r is not a day between %(first)d and %(last)d")
            % {"found": shown(text_of(cell)), "first": FIRST_DAY.year, "last": LAST_DAY.year}
        )
    return found


def counted_day(cell: Decimal) -> date | None:
    """The day that a spreadsheet means by a number, where a cell lacks the form of a day; None if it is none."""
    if cell != cell.to_integral_value() or not 0 < cell < 10**5:
        return None
    found = _EPOCH + timedelta(days=int(cell))
    return found if FIRST_DAY <= found <= LAST_DAY else None


def _typed_day(text: str, order: str) -> date:
    _not_spoilt(text)
    bare = re.sub(r"\s*([./年月-])\s*", r"\1", unicodedata.normalize("NFKC", text)).rstrip(".")
    for form in DAYS:
        try:
            return datetime.strptime(bare, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    slashed = _SLASHED.fullmatch(bare)
    if slashed:
        first, second, year = (int(part) for part in slashed.groups())
        day, month = (second, first) if order == "md" or (not order and second > 12) else (first, second)
        if not order and first <= 12 and second <= 12 and first != second:
            raise DoubtfulDay(
                _("%(found)r can be read in two ways: write the day as 2026-11-25") % {"found": shown(text)}
            )
        try:
            return date(year + 2000 if year < 100 else year, month, day)
        except ValueError:
            pass
    if re.fullmatch(r"\d{5}", bare) and FIRST_DAY <= _EPOCH + timedelta(days=int(bare)) <= LAST_DAY:
        raise DoubtfulDay(
            _("%(found)r: a spreadsheet's number for a day, perhaps %(day)s. Make the column a day, and save anew")
            % {"found": text, "day": _EPOCH + timedelta(days=int(bare))}
        )
    raise CellError(_("%(found)r is no day such as 2026-11-25 or 25.11.2026") % {"found": shown(text)})


def _not_spoilt(text: str) -> None:
    if _ERROR.fullmatch(text):
        raise CellError(_("%(found)s is a spreadsheet's error: mend the cell there, and save anew") % {"found": text})
