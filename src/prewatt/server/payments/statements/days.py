"""Days as banks write them. The whole file shows whether the day or the month comes first; if it does not, a person is
asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta

from django.utils.translation import gettext as _

from ....tables.months import begins_with_name, named_day
from .limits import tidy

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
ORDERS = (DAY_FIRST, MONTH_FIRST)
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})\s*[-./年]\s*(?P<m>\d{1,2})\s*[-./月]\s*(?P<d>\d{1,2})日?(?!\d)")
_SOLID = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:\d{4}|\d{6})?(?!\d)")
_DOTS = re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})(?!\d)")
_OPEN = re.compile(r"(?P<a>\d{1,2})\s?[/-]\s?(?P<b>\d{1,2})\s?[/-]\s?(?P<y>\d{4}|\d{2})(?!\d)")
_SHORT = re.compile(r"(\d{2})[.\-/](\d{2})[.\-/](\d{2})(?!\d)")
"""A day with a year of two digits, which may stand first or last."""
_ERA = re.compile(r"(?:令和|平成|昭和|民国|民國|[rhs]|roc|be|ah)\s?\.?\d{1,4}\s?[年./-]")
"""The beginning of a day in the years of an emperor, of the Republic of China, or of another calendar."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
"""A year before the first or after the last is of another calendar, or a typing error."""
_USUAL_AGE = timedelta(days=366)
"""Statements are usually not older than this."""


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:60]).strip(" \t'`\"").casefold()
    # Mon, 6 Oct 2025
    return re.sub(r"^(mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-z]*\.?,?\s+(?=\d)", "", plain)


def order_of(texts: Iterable[str]) -> str:
    """Return what comes first in the days of a file: `DAY_FIRST`, `MONTH_FIRST`, or empty if no day shows it, or they
    disagree.
    """
    first = second = False
    for text in texts:
        if match := _OPEN.match(_plain(text)):
            first = first or int(match["a"]) > 12
            second = second or int(match["b"]) > 12
    return DAY_FIRST if first and not second else MONTH_FIRST if second and not first else ""


def is_open(text: str) -> bool:
    """Return whether a day can be read in two ways, such as 10/06/2025."""
    match = _OPEN.match(_plain(text))
    return match is not None and match["a"].zfill(2) != match["b"].zfill(2)


def is_slashed(text: str) -> bool:
    """Return whether a day is of numbers whose order differs from country to country, such as 13/10/2025."""
    return _OPEN.match(_plain(text)) is not None


def read_day(text: str, order: str = "") -> date | None:
    """Return a day that is written with or without a time behind it. None if it is no day, or only `order` could decide
    and it is empty.
    """
    plain = _plain(text)
    try:
        if match := _YEAR_FIRST.match(plain) or _SOLID.match(plain) or _DOTS.match(plain):
            return date(_year(match["y"]), int(match["m"]), int(match["d"]))
        if match := _OPEN.match(plain):
            return _open_day(int(match["a"]), int(match["b"]), _year(match["y"]), order)
        if named := named_day(plain):
            return date(_year(named.year), named.month, named.day)
    except ValueError:
        # 30 February
        return None
    return None


def _open_day(a: int, b: int, year: int, order: str) -> date | None:
    """Return the day of two numbers that can be read in two ways; None if they differ and `order` is empty."""
    if not order and a != b:
        return None
    return date(year, a, b) if order == MONTH_FIRST else date(year, b, a)


def _year(text: str) -> int:
    """Return a year. Raises ValueError if no bank has booked in it."""
    year = int(text) if len(text) == 4 else 2000 + int(text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(text)
    return year


def may_be_day(text: str) -> bool:
    """Return whether a text is written like a day, whether it can be read as one or not."""
    plain = _plain(text)
    return bool(plain[:1].isdigit() or _ERA.match(plain) or begins_with_name(plain))


def what_is_wrong(text: str) -> str:
    """Return why a text is no day, and how to mend it."""
    plain = _plain(text)
    year = re.match(r"\d{3,4}(?=[./年-])", plain) or re.search(r"(?<=[./-])\d{4}(?!\d)", plain)
    if _ERA.match(plain) or (year and not FIRST_YEAR <= int(year[0]) <= LAST_YEAR):
        problem = _(
            "%(text)s has a year in which no bank books, or one of another calendar; write the day as 2026-11-25"
        )
    else:
        problem = _("%(text)s is not a day such as 2026-11-25 or 25.11.2026")
    return problem % {"text": tidy(text, 40)}


def doubtful_year(texts: Iterable[str], order: str, today: date) -> str:
    """Return a day of a file in whose two-digit numbers the year may stand first, such as 26.01.05 in 2026; empty if the
    days are clear. They are if they are of the last year as they are usually read, or further from `today` with the
    year first.
    """
    days = [text for text in texts if _SHORT.match(_plain(text))]
    as_usual = [day for text in days if (day := read_day(text, order))]
    try:
        year_first = [date(2000 + int(year), int(month), int(day)) for year, month, day in map(_numbers, days)]
    except ValueError:
        # 31.12.25: no month has a day 0 or 32, and no year a month 13.
        return ""
    if not as_usual or max(abs(day - today) for day in as_usual) <= _USUAL_AGE:
        return ""
    is_nearer = max(abs(day - today) for day in year_first) < max(abs(day - today) for day in as_usual)
    return max(days, key=lambda text: abs((read_day(text, order) or today) - today)) if is_nearer else ""


def _numbers(text: str) -> tuple[str, ...]:
    """Return the three numbers of a day, in their order. Raises ValueError if the text has no such numbers."""
    match = _SHORT.match(_plain(text))
    if match is None:
        raise ValueError(text)
    return match.groups()
