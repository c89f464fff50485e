"""This module reads numbers as people and banks write them: 1.234,50 and 1,234.50, ５, (90.00), 450,00-, 450,-, EUR 20.00.
It reads them exactly, or not at all.

The language, the other numbers of a file, or the number itself show which of the two signs is the decimal sign. If none
of them does, `Ambiguous` is raised instead of a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

SIGNS = ".,"
"""What may stand before the decimals."""
CURRENCY_SIGNS = {
    "€": ("EUR",), "£": ("GBP",), "¥": ("CNY", "JPY"), "元": ("CNY",), "￥": ("CNY", "JPY"), "₹": ("INR",), "₩": ("KRW",),
    "₺": ("TRY",), "₽": ("RUB",), "₴": ("UAH",), "₫": ("VND",), "฿": ("THB",), "₱": ("PHP",), "₦": ("NGN",),
    "₸": ("KZT",), "₪": ("ILS",), "₼": ("AZN",), "₲": ("PYG",), "₡": ("CRC",), "৳": ("BDT",), "₵": ("GHS",), "₾": ("GEL",),
    "֏": ("AMD",), "៛": ("KHR",), "₭": ("LAK",), "₮": ("MNT",),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "BRL", "CLP", "COP", "ARS"),
}  # fmt: skip
"""The currencies that a sign stands for. If there are several, the first is the most usual."""
CURRENCY_NAMES = {
    "us$": ("USD",), "nt$": ("TWD",), "hk$": ("HKD",), "a$": ("AUD",), "au$": ("AUD",), "ca$": ("CAD",), "nz$": ("NZD",),
    "s$": ("SGD",), "sg$": ("SGD",), "r$": ("BRL",), "mx$": ("MXN",), "ar$": ("ARS",), "gh₵": ("GHS",), "s/": ("PEN",),
    "ksh": ("KES",), "kshs": ("KES",), "ush": ("UGX",), "tsh": ("TZS",), "zł": ("PLN",), "zl": ("PLN",), "kč": ("CZK",), "ft": ("HUF",),
    "tl": ("TRY",), "rp": ("IDR",), "rm": ("MYR",), "sfr": ("CHF",), "fr": ("CHF",), "円": ("JPY",), "원": ("KRW",),
    "руб": ("RUB",), "грн": ("UAH",), "лв": ("BGN",), "tk": ("BDT",), "lei": ("RON", "MDL"), "đ": ("VND",),
    "rs": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
}  # fmt: skip
"""The currencies that a short name beside an amount stands for, in small letters and without a dot; the most usual first."""
LONGEST = 40
"""Characters of a number at most."""
_MARKS = re.compile(r"['’`´_٬\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Thousands apart in Switzerland and in Arabic, and marks of direction that a phone adds when text is copied."""
_PLAIN = str.maketrans("−–—‐‑٫", "-----.")
"""Dashes are a minus, and the Arabic sign before decimals is a point."""
_NO_DECIMALS = re.compile(r"(?<=\d)([.,])\s?--?(?![\d-])")
"""A dash in place of the decimals, which is no minus: 1234,- and 1234,--."""
_NAME = rf"(?:[sS]/\.?|(?:[^\W\d_]{{1,4}}\.?)?[{''.join(sign for sign in CURRENCY_SIGNS if not sign.isalpha())}]?)"
"""A currency: EUR, US$, kr., 元, S/."""
_FORM = re.compile(
    rf"{_NAME}(?P<before>[-+]?){_NAME}(?P<opened>\(?){_NAME}"
    r"(?P<number>[\d.,]*\d[\d.,]*)"
    rf"{_NAME}(?P<closed>\)?){_NAME}(?P<behind>[-+]?){_NAME}"
)
_GROUPS = {sign: re.compile(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{2,3}})*{re.escape(sign)}\d{{3}}") for sign in SIGNS}
"""Thousands apart, also in the Indian way: 1,50,000."""


class NoAmount(ValueError):
    """A text is not a number."""


class Ambiguous(NoAmount):
    """A number can be read in two ways: 1.234 may be a little over one, or more than a thousand."""


def bare(text: str) -> str:
    """Return a number without the blanks and the currency around it. Brackets, or a minus behind the number, become a
    minus before it. Digits of all scripts become 0 to 9. Raises NoAmount if there is no number.
    """
    plain = unicodedata.normalize("NFKC", text[: LONGEST + 1]).translate(_PLAIN).strip()
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in _MARKS.sub("", plain))
    # 1 234,50: thousands apart by a blank; 20 00 is no number.
    plain = re.sub(r"(?<=\d)\s(?=\d{3}(?!\d))", "", plain)
    plain = _NO_DECIMALS.sub(r"\g<1>00", plain)
    parts = None if re.search(r"\d\s+\d", plain) else _FORM.fullmatch(re.sub(r"\s+", "", plain))
    if parts is None or len(text) > LONGEST or any(unicodedata.category(sign) == "No" for sign in text):
        # 5² would become 52.
        raise NoAmount(f"{text[:LONGEST]!r} is no number")
    signs = parts["before"] + parts["opened"] + parts["behind"]
    if len(signs) > 1 or bool(parts["opened"]) != bool(parts["closed"]):
        raise NoAmount(f"{text!r} is no number")
    return ("-" if signs in ("-", "(") else "") + parts["number"]


def decimal_sign(texts: Iterable[str]) -> str:
    """Return the decimal sign that the clear numbers of a file use; empty if no number is clear, or if they disagree."""
    signs = set()
    for text in texts:
        try:
            signs.add(_own_sign(bare(text).removeprefix("-")))
        except NoAmount:
            continue
    signs.discard("")
    return signs.pop() if len(signs) == 1 else ""


def _own_sign(number: str) -> str:
    """Return the decimal sign of a number, if the number alone leaves no doubt; else empty."""
    last = max(number.rfind(sign) for sign in SIGNS)
    if last < 0:
        return ""
    sign = number[last]
    other = SIGNS.replace(sign, "")
    if other in number:
        # 1.234,50: the last of the two.
        return sign if number.count(sign) == 1 else other
    if number.count(sign) > 1:
        # 1.234.567: these are thousands.
        return other
    grouped = re.fullmatch(rf"[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}", number)
    return "" if grouped else sign


def read_amount(text: str, decimal: str, digits: int | None) -> Decimal:
    """Return the exact value of an amount of money, see `read_number`. `decimal` counts where the number itself leaves a
    doubt; `digits` are the decimals of the currency (None: not known).

    Of a currency without decimals 1,234 can only be 1234; of one with three, 1.500 is one and a half, as all its amounts
    are written. Raises NoAmount, and Ambiguous if the amount can be read in two ways all the same.
    """
    number = bare(text).removeprefix("-")
    sign = _own_sign(number)
    if not sign and any(each in number for each in SIGNS):
        grouped_by = "," if "," in number else "."
        if digits == 0:
            sign = SIGNS.replace(grouped_by, "")
        elif digits == 3 and not decimal and grouped_by == ".":
            sign = grouped_by
    return read_number(text, sign or decimal)


def read_number(text: str, decimal: str = "") -> Decimal:
    """Return the exact value of a number. `decimal` is the decimal sign, `.` or `,`; empty if only the number itself
    can tell.

    Raises NoAmount if the text is no number (1e2 is none), and Ambiguous, which is a NoAmount, if it can be read in two
    ways.
    """
    plain = bare(text)
    number = plain.removeprefix("-")
    sign = decimal or _own_sign(number)
    if not sign:
        if any(each in number for each in SIGNS):
            raise Ambiguous(f"{text!r} can be read in two ways")
        sign = "."
    groups = SIGNS.replace(sign, "")
    whole, _, decimals = number.partition(sign)
    if groups in whole:
        if not _GROUPS[groups].fullmatch(whole):
            raise NoAmount(f"{text!r} is no number")
        whole = whole.replace(groups, "")
    if not (whole + decimals).isdigit():
        # A sign alone is none either.
        raise NoAmount(f"{text!r} is no number")
    return Decimal(f"{plain[: len(plain) - len(number)]}{whole or '0'}.{decimals or '0'}")
