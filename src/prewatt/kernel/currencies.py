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
"""ISO 4217's own code for "no currency". It stands where the currency is unknown: a meter without a tariff, a landlord
without a property.
"""

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
"""Currencies that were withdrawn since 2021 (list three). Old bills in them can still be printed. Each had two
decimals.
"""

MINOR_DIGITS = {
    code: digits
    for digits, codes in ((0, _NONE), (2, _TWO), (3, _THREE), (4, _FOUR), (2, _WITHDRAWN))
    for code in codes.split()
}
"""The number of decimals of each currency's minor unit."""

_MAGNITUDES = {
    100: "AMD AOA BDT CLP CRC DJF DZD ETB GYD HTG HUF ISK JMD JPY KES KMF KPW KZT LKR LRD NPR PKR RSD SDG SOS SYP VES VUV XAF "
    "XOF XPF YER",
    1_000: "ARS BIF CDF COP GNF IQD KHR KRW MGA MMK MNT MWK NGN PYG RWF SSP TZS UGX",
    10_000: "IDR LAK LBP SLL UZS VND",
    100_000: "IRR",
}
"""The currencies of which a hundred units or more make about a US dollar, by the power of ten. Codes of orders count in it
(`wire.order_codes`), so a currency never moves to another row: a gateway may have the older table.
"""
LARGEST_MAGNITUDE = max(_MAGNITUDES)
_MAGNITUDE = {code: size for size, codes in _MAGNITUDES.items() for code in codes.split()}


class UnknownCurrency(ValueError):
    """The code is not a currency of ISO 4217, so the value of its minor unit is unknown."""


def minor_digits(currency: str) -> int:
    """Return the number of decimals of a currency. Raises UnknownCurrency if ISO 4217 does not list the code."""
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not a currency code of ISO 4217 such as EUR") from None


def minor_unit(currency: str) -> int:
    """Return the smallest amount (nano) that can be paid in a currency. Raises UnknownCurrency."""
    return int(10 ** (9 - minor_digits(currency)))


def magnitude(currency: str) -> int:
    """Return how large the amounts of a currency are, as a power of ten: 1 (EUR, KWD), 100 (JPY), 10,000 (VND). It is for
    limits, and for amounts that are offered, never for a conversion.
    """
    return _MAGNITUDE.get(currency, 1)


def to_minor(nano: int, currency: str) -> int:
    """Convert nano to minor units of the currency. Raises ValueError if the amount is finer than a minor unit,
    UnknownCurrency if the code is not listed.
    """
    whole, rest = divmod(nano, minor_unit(currency))
    if rest:
        raise ValueError(f"{currency} has {minor_digits(currency)} decimals")
    return whole


def format_money(nano: int, currency: str) -> str:
    """Format an amount (nano) for people, rounded half-even to the minor unit: 12.50 (EUR), 0.125 (KWD), 1000 (JPY).

    The code of the currency is not in the text. The text is never calculated with. An amount in a currency that is not
    listed here (`NO_CURRENCY`, or a newer one) is printed exactly, because any rounding might be wrong. Raises
    ValueError if `currency` is empty: whoever prints money must know its currency.
    """
    _needed(currency)
    digits = MINOR_DIGITS.get(currency)
    return format_exact(nano, currency) if digits is None else round_money(nano, digits)


def format_with_code(nano: int, currency: str) -> str:
    """Format an amount (nano) for people, followed by its currency: 12.50 EUR. Without a known currency it is the
    number alone.
    """
    number = format_money(nano, currency)
    return number if currency == NO_CURRENCY else f"{number} {currency}"


def format_signed(nano: int, currency: str) -> str:
    """Format an amount (nano) like `format_money`, with a plus sign if it is positive: +2.34. Raises ValueError if
    `currency` is empty.
    """
    text = format_money(nano, currency)
    return f"+{text}" if nano > 0 and text.strip("0.") else text


def format_exact(nano: int, currency: str) -> str:
    """Format an amount (nano) with as many decimals as it needs, and at least those of its currency: 12.50 and 12.503
    (EUR), 1000 and 1000.5 (JPY). Raises ValueError if `currency` is empty.
    """
    _needed(currency)
    whole, _, decimals = exact_money(nano).partition(".")
    kept = decimals.rstrip("0").ljust(MINOR_DIGITS.get(currency, 0), "0")
    return f"{whole}.{kept}" if kept else whole


def _needed(currency: str) -> None:
    if not currency:
        raise ValueError("an amount was to be printed without its currency")
