"""Days as banks write them. The whole file shows whether the day or the month comes first; if it does not, a person is
asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
ORDERS = (DAY_FIRST, MONTH_FIRST)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "janv", "ene", "gen"), ("feb", "fev", "fevr"), ("mar", "mrz", "maer", "mär", "maa", "mrt"),
            ("apr", "avr", "abr"), ("may", "mai", "mei", "maj", "mag"), ("jun", "juin", "giu"), ("jul", "juil", "lug"),
            ("aug", "aou", "ago", "aoû"), ("sep", "sept", "set"), ("oct", "okt", "ott"), ("nov",), ("dec", "dez", "dic", "dic"),
        ),
        1,
    )
    for name in names
}  # fmt: skip
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})\s*[-./年]\s*(?P<m>\d{1,2})\s*[-./月]\s*(?P<d>\d{1,2})日?(?!\d)")
_SOLID = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:\d{4}|\d{6})?(?!\d)")
_DOTS = re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})(?!\d)")
_OPEN = re.compile(r"(?P<a>\d{1,2})\s?[/-]\s?(?P<b>\d{1,2})\s?[/-]\s?(?P<y>\d{4}|\d{2})(?!\d)")
_NAMED = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s.\-/]*(?P<name>[^\W\d_]{3,10})[\s.\-/,']*(?P<y>\d{4}|\d{2})(?!\d)"
)
_NAMED_FIRST = re.compile(
    r"(?P<name>[^\W\d_]{3,10})[\s.\-/]*(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s.\-/,]+(?P<y>\d{4})(?!\d)"
)


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
        if match := _NAMED.match(plain) or _NAMED_FIRST.match(plain):
            month = _month(match["name"])
            return date(_year(match["y"]), month, int(match["d"])) if month else None
    except ValueError:
        # 30 February
        return None
    return None


def _open_day(a: int, b: int, year: int, order: str) -> date | None:
    """Return the day of two numbers that can be read in two ways; None if they differ and `order` is empty."""
    if not order and a != b:
        return None
    return date(year, a, b) if order == MONTH_FIRST else date(year, b, a)


def _month(name: str) -> int | None:
    return _MONTHS.get(name) or _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)
