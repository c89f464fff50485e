"""This module reads one cell as what its author meant. It also recognises cells that a spreadsheet has changed by
mistake, such as a serial number turned into a day.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from ..amounts import Ambiguous, NoAmount, read_number
from .months import named_day
from .problems import shown
from .rows import Cell, Since1904
from .texts import _
from .words import is_nobody, may_be_nobody

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
"""A day before the first or after the last is a typing error."""
DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")
"""Forms of a day that can be read in one way only. 06/10/2025 is not among them: `order_of_days` decides how it is read."""
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?!\d)")
_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_EXPONENT = re.compile(r"\d+[.,]\d+e[+-]?\d+|\d+e\+\d+", re.IGNORECASE)
_QUOTED = re.compile(r'="(.*)"', re.DOTALL)
_ERROR = re.compile(
    r"#(n/a|nv|ref!?|bezug!?|value!?|wert!?|name\??|div/0!?|num!?|zahl!?|null!?|calc!?|spill!?|überlauf!?|#+)",
    re.IGNORECASE,
)
_WITH_UNIT = re.compile(r"((?:\W|\d)*\d[^\w\s]*)\s*([^\W\d_].*)?")
_MONTH = r"(?:jan|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]{0,6}"
_DAY_MADE = re.compile(
    rf"\d{{1,2}}[.\- ]{{1,2}}{_MONTH}\.?|{_MONTH}[.\- ]\d{{2,4}}|\d{{1,2}}月\d{{1,2}}日"
    r"|(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./])\d{1,2}\1\d{4}|\d{4}/\d{1,2}/\d{1,2})(?: \d{1,2}:\d{2}(?::\d{2})?)?",
    re.IGNORECASE,
)


class CellError(ValueError):
    """A cell does not hold what is wanted there. The message is for people: it says what the cell holds and how to mend
    it.
    """


class DoubtfulDay(CellError):
    """A cell holds a day, but it is not clear which one."""


class DoubtfulNumber(CellError):
    """A cell holds a number that can be read in two ways."""


class Measure(NamedTuple):
    """A number and the unit behind it as `short_unit` writes it; the unit is empty if there is none."""

    number: Decimal
    unit: str


def text_of(cell: Cell) -> str:
    """Return a cell's text without surrounding blanks and invisible characters. A number is written without an
    exponent, an instant as in ISO 8601.
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
    """Return the name in a cell, on one line: of a flat, a person or a part of the building. `="1-2"` gives 1-2. Raises
    CellError if a spreadsheet has spoilt the name.
    """
    if isinstance(cell, datetime | date | time | timedelta):
        raise CellError(
            _(
                "%(found)s: a spreadsheet has turned this name into a day or a time. Format the cell as text and type the "
                'name again, or write ="the name"'
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
        raise CellError(_("%(found)r is a formula. Write its result instead") % {"found": shown(text)})
    if "\ufffd" in text:
        raise CellError(
            _("%(found)r: letters of this name were lost in an earlier file. Type the name again")
            % {"found": shown(text)}
        )
    if _DAY_MADE.fullmatch(text):
        raise CellError(
            _('%(found)r: a spreadsheet has turned this name into a day. Format the cell as text, or write ="the name"')
            % {"found": text}
        )
    if "\n" in text or "\r" in text:
        raise CellError(
            _("%(found)r has several lines, but a name has only one. Perhaps a quotation mark is missing before it")
            % {"found": shown(text)}
        )
    return " ".join(text.split())


SPOILT_FROM = 10**15
"""A spreadsheet keeps fifteen digits of a number and replaces the rest by zeros."""


def serial_of(cell: Cell) -> str:
    """Return a serial number as it stands on the meter. Raises CellError if a spreadsheet has spoilt it."""
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
            _("%(found)r: a spreadsheet has put marks between the digits of this serial number. Write it without them")
            % {"found": text}
        )
    if re.fullmatch(r"\d+[.,]0+", text):
        raise CellError(
            _("%(found)r: a spreadsheet has changed this serial number. It is %(plain)s, perhaps with zeros before it")
            % {"found": text, "plain": re.split("[.,]", text)[0]}
        )
    return text


def _rounded(text: str) -> str:
    return _(
        "%(found)r: a spreadsheet has rounded this serial number, and its last digits may be lost. Format the column as "
        "text, and type the serial number again from the meter"
    ) % {"found": shown(text)}


def lost_zeros(serials: Sequence[str]) -> dict[int, int]:
    """Return which serials (by index) have probably lost zeros at their front, and the length that they should have.

    These are the serials that are shorter than others that have kept their zeros, or than nearly all of the others.
    """
    numbers = {index: serial for index, serial in enumerate(serials) if serial.isascii() and serial.isdigit()}
    length = _length_with_zeros(numbers.values())
    return {index: length for index, serial in numbers.items() if len(serial) < length and not serial.startswith("0")}


def _length_with_zeros(serials: Collection[str]) -> int:
    """Return the length of serials that have kept their zeros, else of nearly all serials; 0 if neither can be told."""
    padded = Counter(len(serial) for serial in serials if serial.startswith("0"))
    if padded:
        return padded.most_common(1)[0][0]
    length, count = Counter(map(len, serials)).most_common(1)[0] if serials else (0, 0)
    return length if count >= 4 and 5 * count >= 4 * len(serials) else 0


def said_exactly(cell: Cell) -> bool:
    """Return whether a cell says of itself that it is text, as ="00123456" does."""
    return isinstance(cell, str) and _QUOTED.fullmatch(text_of(cell)) is not None


def tenant_of(cell: Cell) -> str:
    """Return a tenant's name; empty if the cell says that nobody lives there. Raises CellError if both are possible."""
    text = name_of(cell)
    if is_nobody(text):
        return ""
    if may_be_nobody(text):
        raise CellError(
            _("%(found)r may be a name, or mean that nobody lives there. Leave the cell empty, or write the full name")
            % {"found": text}
        )
    return text


def short_unit(text: str) -> str:
    """Return a unit in small letters, without blanks and dots: m² is m2, sq. ft. is sqft."""
    return re.sub(r"[\s.]", "", unicodedata.normalize("NFKC", text).casefold())


def digits_of(text: str) -> str:
    """Return the number in a text without its unit; empty if it holds none."""
    # m² is m2 then, so that the unit goes before its digit is taken for one of the number.
    parts = _WITH_UNIT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    return parts[1] if parts else ""


def measure_of(cell: Cell, decimal: str = "") -> Measure:
    """Return the exact number in a cell, with its unit. `decimal` is the decimal sign, if the file tells it. Raises CellError if the
    cell holds no number, and DoubtfulNumber if it can be read in two ways.
    """
    if isinstance(cell, Decimal):
        return Measure(cell, "")
    text = text_of(cell)
    _not_spoilt(text)
    if not isinstance(cell, str):
        raise CellError(_("%(found)r is a day or a time, not a number") % {"found": text})
    quoted = _QUOTED.fullmatch(text)
    said = unicodedata.normalize("NFKC", quoted[1] if quoted else text).strip()
    digits = digits_of(said)
    if not digits:
        raise _no_number(text)
    try:
        return Measure(read_number(digits, decimal), short_unit(said[len(digits) :]))
    except Ambiguous:
        raise DoubtfulNumber(
            _("%(found)r can be read in two ways. Write the number with two decimals, and without a mark for thousands")
            % {"found": shown(text)}
        ) from None
    except NoAmount as error:
        raise CellError(str(error)) from None


def _no_number(text: str) -> CellError:
    return CellError(_("%(found)r is not a number such as %(example)s") % {"found": shown(text), "example": "12.5"})


def number_of(cell: Cell, decimal: str = "", units: Collection[str] = ("",)) -> Decimal:
    """Return the exact number in a cell, see `measure_of`. `units` are the units, as `short_unit` writes them, that may stand behind
    the number. Raises CellError if it has another one.
    """
    number, unit = measure_of(cell, decimal)
    if unit and unit not in units:
        raise _no_number(text_of(cell))
    return number


def order_of_days(texts: Iterable[str]) -> str:
    """Return whether days such as 06/10/2025 name the day first (`dm`) or the month first (`md`).

    The days of the whole file that leave no doubt decide it. The result is empty if there are none, or if they
    disagree.
    """
    orders = set()
    for text in texts:
        parts = _SLASHED.match(unicodedata.normalize("NFKC", text))
        if parts and int(parts[1]) > 12:
            orders.add("dm")
        elif parts and int(parts[2]) > 12:
            orders.add("md")
    return orders.pop() if len(orders) == 1 else ""


def day_of(cell: Cell, order: str = "") -> date:
    """Return the day in a cell.

    `order` is the order of the file's days with slashes or hyphens, see `order_of_days`. Raises CellError if the cell
    holds no day, if the day is not in this century, or if it can be read in two ways.
    """
    if isinstance(cell, datetime):
        day = cell.date()
    elif isinstance(cell, date):
        day = cell
    elif isinstance(cell, Decimal) and cell == cell.to_integral_value() and abs(cell) < 10**5:
        # A day in a cell without a day format.
        day = _counted(cell)
    else:
        day = _typed_day(text_of(cell), order)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CellError(
            _("%(found)r is not a day between %(first)d and %(last)d")
            % {"found": shown(text_of(cell)), "first": FIRST_DAY.year, "last": LAST_DAY.year}
        )
    return day


def counted_day(cell: Decimal) -> date | None:
    """Return the day that a spreadsheet stores as this number, for a cell without a day format; None if it is no such
    day.
    """
    if cell != cell.to_integral_value() or not 0 < cell < 10**5:
        return None
    day = _counted(cell)
    return day if FIRST_DAY <= day <= LAST_DAY else None


def _counted(cell: Decimal) -> date:
    return (_EPOCH_1904 if isinstance(cell, Since1904) else _EPOCH) + timedelta(days=int(cell))


def _slashed_day(text: str, parts: re.Match[str], order: str) -> date | None:
    """Return the day that 31/12/2026 or 12/31/2026 means; None if there is no such day. Raises DoubtfulDay if it can be
    read in two ways.
    """
    first, second, year = (int(part) for part in parts.groups())
    if not order and max(first, second) <= 12 and first != second:
        raise DoubtfulDay(_("%(found)r can be read in two ways. Write the day as 2026-11-25") % {"found": shown(text)})
    day, month = (second, first) if order == "md" or (not order and second > 12) else (first, second)
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def _typed_day(text: str, order: str) -> date:
    _not_spoilt(text)
    bare = re.sub(r"\s*([./年月-])\s*", r"\1", unicodedata.normalize("NFKC", text)).rstrip(".")
    for form in DAYS:
        with suppress(ValueError):
            return datetime.strptime(bare, form).date()  # noqa: DTZ007
    if (parts := _SLASHED.fullmatch(bare)) and (day := _slashed_day(text, parts, order)):
        return day
    if day := _named_day(bare):
        return day
    if re.fullmatch(r"\d{5}", bare) and FIRST_DAY <= _EPOCH + timedelta(days=int(bare)) <= LAST_DAY:
        raise DoubtfulDay(
            _(
                "%(found)r is a spreadsheet's number for a day, perhaps %(day)s. Format the column as a day and save again"
            )
            % {"found": text, "day": _EPOCH + timedelta(days=int(bare))}
        )
    raise CellError(_("%(found)r is not a day such as 2026-11-25 or 25.11.2026") % {"found": shown(text)})


def _named_day(bare: str) -> date | None:
    """Return the day of 1 Oct 2025 or October 1, 2025; None if it is no such day."""
    named = named_day(bare.casefold())
    if named is None or named.rest:
        return None
    year = int(named.year)
    if len(named.year) == 2:
        # As of days in figures: 69 to 99 were in the last century.
        year += 1900 if year >= 69 else 2000
    try:
        return date(year, named.month, named.day)
    except ValueError:
        return None


def _not_spoilt(text: str) -> None:
    if _ERROR.fullmatch(text):
        raise CellError(
            _("%(found)s is an error of the spreadsheet. Correct the cell there and save again") % {"found": text}
        )
