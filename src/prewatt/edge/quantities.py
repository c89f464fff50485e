"""Amounts, energy and prices as the language that is spoken here writes them: 1,234.50 EUR (English), 1.234,50 € (German),
1,234.50 元 (Chinese).

The server writes them by the Unicode CLDR, of which a gateway has no copy. This module has the CLDR's rules for the
gateway's own languages, and `tests/edge/test_quantities.py` compares the two. The kernel makes an exact text; only its
signs are changed.
"""

from __future__ import annotations

from typing import NamedTuple

from ..kernel import currencies, units
from ..kernel.currencies import NO_CURRENCY
from ..kernel.units import Micro, Nano, Wh
from .texts import ENGLISH, spoken

NO_BREAK = "\N{NO-BREAK SPACE}"
GROUP = 3
"""Digits of a group."""
_IN_MANY = {
    "AUD": "AU$", "BRL": "R$", "CAD": "CA$", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪", "INR": "₹", "KRW": "₩",
    "MXN": "MX$", "NZD": "NZ$", "TWD": "NT$", "VND": "₫", "XAF": "FCFA", "XCD": "EC$", "XCG": "Cg.",
    "XOF": "F\N{NARROW NO-BREAK SPACE}CFA", "XPF": "CFPF",
}  # fmt: skip
"""Signs of currencies that languages other than English share."""


class _Writing(NamedTuple):
    """How a language writes: the sign before the decimals, the one between groups of digits, what stands between an amount
    and its currency, and the signs of currencies; a currency without one is written by its code.
    """

    decimal: str
    group: str
    space: str
    signs: dict[str, str]


_WRITING = {
    ENGLISH: _Writing(".", ",", " ", {}),
    "de": _Writing(",", ".", NO_BREAK, {**_IN_MANY, "JPY": "¥", "THB": "฿", "USD": "$"}),
    "zh": _Writing(".", ",", NO_BREAK, {**_IN_MANY, "CNY": "元", "JPY": "JP¥", "USD": "US$"}),
}


def _writing() -> _Writing:
    return _WRITING.get(spoken(), _WRITING[ENGLISH])


def number(text: str) -> str:
    """Return an exact decimal such as `-1234.50`, with the signs of the language and its digits in groups."""
    writing = _writing()
    sign, bare = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    whole, point, decimals = bare.partition(".")
    first = len(whole) % GROUP or GROUP
    groups = [whole[:first], *(whole[at : at + GROUP] for at in range(first, len(whole), GROUP))]
    return f"{sign}{writing.group.join(groups)}{writing.decimal if point else ''}{decimals}"


def currency_sign(currency: str) -> str:
    """Return what stands for a currency behind an amount: EUR (English), €; empty if the currency is not known."""
    return "" if currency == NO_CURRENCY else _writing().signs.get(currency, currency)


def format_money(nano: Nano, currency: str) -> str:
    """Return an amount (nano) rounded to its currency, without it: 1,234.50. Raises ValueError without a currency."""
    return number(currencies.format_money(nano, currency))


def format_signed(nano: Nano, currency: str) -> str:
    """Return an amount (nano) as `format_money` does, with a plus if it is over 0: +2.34."""
    return number(currencies.format_signed(nano, currency))


def format_with_code(nano: Nano, currency: str) -> str:
    """Return an amount (nano) with what stands for its currency behind it; the number alone if that is not known."""
    sign = currency_sign(currency)
    return f"{format_money(nano, currency)}{_writing().space if sign else ''}{sign}"


def exact_kwh(wh: Wh) -> str:
    """Return energy (Wh) in kWh with three decimals: 1.234."""
    return number(units.exact_kwh(wh))


def rough_kwh(wh: Wh) -> str:
    """Return energy (Wh) in kWh, rounded to a tenth."""
    return number(units.rough_kwh(wh))


def short_price(micro: Micro) -> str:
    """Return a price (micro per kWh) without zeros at the end that say nothing: 0.182."""
    return number(units.short_price(micro))
