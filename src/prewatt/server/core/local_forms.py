"""Amounts, energy and dates as the language of the page writes them: 1,234.50 (English), 1.234,50 (German); 6 Oct, 6. Okt.,
10月6日.

The kernel makes an exact text of a quantity; here only its signs are changed, so that nothing is ever rounded. What machines
read (files, the API, values of fields) keeps the kernel's form. The rules of languages are those of the Unicode CLDR, which
the library Babel carries; the English forms stand here.
"""

from __future__ import annotations

from datetime import date, datetime, time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext_lazy

from ...kernel.currencies import NO_CURRENCY, format_exact, format_money, format_signed
from ...kernel.units import exact_kwh, exact_percent, rough_kwh, short_price
from .languages import ENGLISH

if TYPE_CHECKING:
    from babel import Locale

SKELETONS = {
    "j": "d",
    "j M": "MMMd",
    "j M Y": "yMMMd",
    "l j M": "MMMEd",
    "D j M": "MMMEd",
    "D j M Y": "yMMMEd",
    "M Y": "yMMM",
    "F Y": "yMMMM",
}
"""Forms of a day: how English writes it (Django's letters), and the CLDR's skeleton, by which each language knows its own."""
PATTERNS = {"D": "ccc", "l": "cccc", "F": "LLLL", "M": "LLL", "j F Y": "long", "l j F Y": "full"}
"""Forms that are no skeleton: a word alone, and those that each language has a name for."""
OWN_SIGNS = {"CNY": pgettext_lazy("after an amount", "CNY")}
"""Currencies that people write otherwise behind an amount than the CLDR does before it."""
NO_BREAK = "\N{NO-BREAK SPACE}"
TIMES = {"H:i": "%H:%M", "H:i:s": "%H:%M:%S"}
"""The forms of a time of day, by Django's letters and by Python's: with 24 hours in all languages, as meters and tariffs count them."""


class _Signs(NamedTuple):
    """How a language writes numbers: the sign before the decimals, the one between groups of digits, and how many digits
    the last group and the others have.
    """

    decimal: str
    group: str
    last: int
    others: int


@cache
def _locale(language: str) -> Locale:
    # Most processes print nothing for people, and start faster without it.
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale(ENGLISH)


def _spoken() -> str:
    return get_language() or ENGLISH


@cache
def _signs(language: str) -> _Signs:
    locale = _locale(language)
    symbols = locale.number_symbols.get("latn", {})
    last, others = locale.decimal_formats[None].grouping
    return _Signs(symbols.get("decimal", "."), symbols.get("group", ","), last, others)


def number(text: str) -> str:
    """Return an exact decimal such as `-1234.50`, with the signs of the language and its digits in groups."""
    signs = _signs(_spoken())
    sign, bare = (text[0], text[1:]) if text[:1] in "+-" else ("", text)
    whole, point, decimals = bare.partition(".")
    groups, whole = [whole[-signs.last :]], whole[: -signs.last]
    while whole:
        groups, whole = [whole[-signs.others :], *groups], whole[: -signs.others]
    return f"{sign}{signs.group.join(groups)}{signs.decimal if point else ''}{decimals}"


def short_number(text: str) -> str:
    """Return an exact decimal with the sign of the language and without groups, for where there is little room."""
    return text.replace(".", _signs(_spoken()).decimal)


def money(nano: int, currency: str) -> str:
    """Return an amount (nano) rounded to its currency, without it: 1,234.50. Raises ValueError without a currency."""
    return number(format_money(nano, currency))


def money_with_code(nano: int, currency: str) -> str:
    """Return an amount (nano) with its currency behind it: 12.50 EUR (English), 12,50 € (German), 12.50 元 (Chinese). Without
    a known currency it is the number alone.
    """
    amount = money(nano, currency)
    if currency == NO_CURRENCY:
        return amount
    return f"{amount}{' ' if _spoken() == ENGLISH else NO_BREAK}{sign(currency)}"


def sign(currency: str) -> str:
    """Return what stands for a currency behind an amount: EUR (English), € (German); its code if there is no sign."""
    language = _spoken()
    if language == ENGLISH:
        return currency
    return (
        str(OWN_SIGNS[currency])
        if currency in OWN_SIGNS
        else _locale(language).currency_symbols.get(currency, currency)
    )


def signed_money(nano: int, currency: str) -> str:
    """Return an amount as `money` does, with a plus if it is over 0: +2.34."""
    return number(format_signed(nano, currency))


def exact_amount(nano: int, currency: str) -> str:
    """Return an exact amount (nano), with as many decimals as it needs, and at least those of its currency."""
    return number(format_exact(nano, currency))


def kwh(wh: int) -> str:
    """Return energy (Wh) in kWh with three decimals: 1.234."""
    return number(exact_kwh(wh))


def short_kwh(wh: int) -> str:
    """Return energy (Wh) in kWh without zeros at the end: 3,120."""
    return number(exact_kwh(wh).rstrip("0").rstrip("."))


def tenths_kwh(wh: int) -> str:
    """Return energy (Wh) in kWh, rounded to a tenth."""
    return number(rough_kwh(wh))


def price(micro: int) -> str:
    """Return a price (micro) without zeros at the end that say nothing: 0.182."""
    return number(short_price(micro))


def percent(ppm: int) -> str:
    """Return parts per million in percent, without the percent sign: 19."""
    return number(exact_percent(ppm))


def day(value: date, form: str) -> str:
    """Return a day in a form of `SKELETONS` or `PATTERNS`. Any other form, as `Y-m-d`, is the same in all languages."""
    return _day(_spoken(), value, form)


@lru_cache(maxsize=4096)
def _day(language: str, value: date, form: str) -> str:
    # The rows of a list say the same few days again and again.
    if language == ENGLISH or form not in {**SKELETONS, **PATTERNS}:
        return date_format(value, form)
    from babel.dates import format_date, format_skeleton

    if form in PATTERNS:
        return format_date(value, PATTERNS[form], locale=_locale(language))
    return format_skeleton(SKELETONS[form], datetime.combine(value, time()), locale=_locale(language))


def moment(wall: datetime, form: str) -> str:
    """Return the time that a clock on the wall shows (`wall`, without a zone), in a form of `day`, in one of `TIMES`,
    or in both: `j M, H:i`.
    """
    if form in TIMES:
        return f"{wall:{TIMES[form]}}"
    in_days, _comma, in_hours = form.partition(", ")
    text, language = day(wall.date(), in_days), _spoken()
    if not in_hours:
        return text
    clock = f"{wall:{TIMES[in_hours]}}"
    if language == ENGLISH:
        return f"{text}, {clock}"
    return str(_locale(language).datetime_formats["medium"]).replace("{1}", text).replace("{0}", clock)


def town(zone: str) -> str:
    """Return the town by which a time zone such as Europe/Berlin is named: Berlin, 柏林. A zone that is an alias of
    another one has its own town behind it in brackets, because a language may have only one name for both.
    """
    place = zone.partition("/")[2].replace("_", " ")
    language = _spoken()
    if language == ENGLISH:
        return place
    from babel.core import get_global
    from babel.dates import get_timezone_location

    name = get_timezone_location(zone, locale=_locale(language), return_city=True)
    return f"{name} ({place})" if zone in get_global("zone_aliases") else name
