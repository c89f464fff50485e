"""Currencies: how many decimals each has (its minor unit), and how an amount in it is printed.

| currency | minor unit | decimals |
|---|---|---|
| JPY | 1 yen | 0 |
| EUR | 0.01 euro | 2 |
| KWD | 0.001 dinar | 3 |
| CLF | 0.0001 unidad de fomento | 4 |

Source: ISO 4217, list one of 2026-01-01 (https://www.six-group.com/en/products-services/financial-information/data-standards.html),
column *minor unit*. Left out are the codes that have none there: metals, bond units, XDR and other units of account.
"""

from __future__ import annotations

from .units import exact_money, round_money

NO_CURRENCY = "XXX"
"""ISO 4217's own code where no currency is known: of a meter that has no tariff yet, of a landlord without a property."""

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY "
    "COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
    "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
)
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_WITHDRAWN = "ANG BGN CUC HRK SLL ZWL"
"""No longer money since 2021 (list three): what was billed in them is still printed. Each had two decimals."""

MINOR_DIGITS = {
    code: digits
    for digits, codes in ((0, _NONE), (2, _TWO), (3, _THREE), (4, _FOUR), (2, _WITHDRAWN))
    for code in codes.split()
}
"""How many decimals the minor unit of each currency has."""


class UnknownCurrency(ValueError):
    """A code is no currency of ISO 4217: what its minor unit is worth is not known."""


def minor_digits(currency: str) -> int:
    """How many decimals a currency has. UnknownCurrency if ISO 4217 has none of this code."""
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is no currency of ISO 4217, such as EUR") from None


def minor_unit(currency: str) -> int:
    """The smallest amount that can be paid in a currency, nano. UnknownCurrency."""
    return int(10 ** (9 - minor_digits(currency)))


def to_minor(nano: int, currency: str) -> int:
    """An amount in minor units of its currency. ValueError if it is finer than the currency, or UnknownCurrency."""
    whole, rest = divmod(nano, minor_unit(currency))
    if rest:
        raise ValueError(f"{currency} has {minor_digits(currency)} decimals")
    return whole


def format_money(nano: int, currency: str) -> str:
    """An amount for people, rounded half-even to the minor unit of its currency: 12.50 (EUR), 0.125 (KWD), 1000 (JPY).

    The code of the currency is not in the text. Never to be calculated with. An amount in a currency that is not known
    here (`NO_CURRENCY`, or one that is newer than this list) is printed exactly, since any rounding might be wrong.
    ValueError if `currency` is empty: whoever prints money has to know in what.
    """
    _needed(currency)
    digits = MINOR_DIGITS.get(currency)
    return format_exact(nano, currency) if digits is None else round_money(nano, digits)


def format_with_code(nano: int, currency: str) -> str:
    """An amount for people with its currency behind it: 12.50 EUR. The number alone where no currency is known."""
    number = format_money(nano, currency)
    return number if currency == NO_CURRENCY else f"{number} {currency}"


def format_signed(nano: int, currency: str) -> str:
    """As `format_money`, with a plus where it is one: +2.34. ValueError if `currency` is empty."""
    text = format_money(nano, currency)
    return f"+{text}" if nano > 0 and text.strip("0.") else text


def format_exact(nano: int, currency: str) -> str:
    """An amount with as many decimals as it needs, and at least those of its currency: 12.50 and 12.503 (EUR), 1000 and
    1000.5 (JPY). ValueError if `currency` is empty.
    """
    _needed(currency)
    whole, _, decimals = exact_money(nano).partition(".")
    kept = decimals.rstrip("0").ljust(MINOR_DIGITS.get(currency, 0), "0")
    return f"{whole}.{kept}" if kept else whole


def _needed(currency: str) -> None:
    if not currency:
        raise ValueError("an amount was to be printed without its currency")
