"""Where a new building probably stands, and in which currency it is paid there, so that people type neither."""

from __future__ import annotations

from collections.abc import Sequence

from ...kernel.currencies import MINOR_DIGITS
from ..core.phone_numbers import countries

_OF_CURRENCY = {
    "EUR": "AD AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA XK",
    "CHF": "CH LI", "GBP": "GB GG IM JE", "NOK": "NO SJ", "SEK": "SE", "DKK": "DK FO GL", "ISK": "IS", "PLN": "PL",
    "CZK": "CZ", "HUF": "HU", "RON": "RO", "RSD": "RS", "UAH": "UA", "TRY": "TR", "CNY": "CN", "HKD": "HK", "MOP": "MO",
    "TWD": "TW", "JPY": "JP", "KRW": "KR", "SGD": "SG", "MYR": "MY", "THB": "TH", "VND": "VN", "IDR": "ID", "PHP": "PH",
    "INR": "IN", "PKR": "PK", "BDT": "BD", "LKR": "LK", "NPR": "NP", "KZT": "KZ", "GEL": "GE", "AMD": "AM", "ILS": "IL",
    "AED": "AE", "SAR": "SA", "QAR": "QA", "KWD": "KW", "BHD": "BH", "OMR": "OM", "JOD": "JO", "EGP": "EG", "MAD": "MA",
    "TND": "TN", "ZAR": "ZA", "NGN": "NG", "KES": "KE", "UGX": "UG", "TZS": "TZ", "RWF": "RW", "GHS": "GH", "ETB": "ET",
    "ZMW": "ZM", "NAD": "NA", "BWP": "BW", "MUR": "MU", "XOF": "SN CI ML BF BJ TG NE GW", "XAF": "CM GA CG TD CF GQ",
    "USD": "US PR EC SV PA", "CAD": "CA", "MXN": "MX", "BRL": "BR", "ARS": "AR", "CLP": "CL", "COP": "CO", "PEN": "PE",
    "UYU": "UY", "BOB": "BO", "PYG": "PY", "CRC": "CR", "GTQ": "GT", "DOP": "DO", "JMD": "JM", "AUD": "AU", "NZD": "NZ",
}  # fmt: skip
"""The countries (ISO 3166) of each currency, as far as we know them."""
CURRENCY_OF = {country: currency for currency, known in _OF_CURRENCY.items() for country in known.split()}
COUNTRY_OF_LANGUAGE = {"de": "DE", "zh": "CN", "fr": "FR", "it": "IT", "es": "ES", "nl": "NL", "pl": "PL", "ja": "JP"}
"""Where most people live who speak a language; English is spoken in too many places."""
CURRENCIES = sorted(MINOR_DIGITS)


def zones_by_region() -> dict[str, list[tuple[str, str]]]:
    """Return the time zones by their region, each with the currency that is used there (may be empty)."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for zone, country in sorted(countries().items()):
        region, slash, _place = zone.partition("/")
        if slash:
            regions.setdefault(region, []).append((zone, CURRENCY_OF.get(country, "")))
    return regions


def usual_place(languages: Sequence[str]) -> tuple[str, str]:
    """Return the time zone and the currency of a browser that asks for some languages (`de-AT`, `zh`), the best first; both
    are empty if they tell nothing.
    """
    for language in languages:
        name, *more = language.replace("_", "-").split("-")
        region = next((part.upper() for part in reversed(more) if len(part) == 2), "")
        country = region or COUNTRY_OF_LANGUAGE.get(name.lower(), "")
        zone = next((zone for zone, known in countries().items() if known == country), "")
        if zone:
            return zone, CURRENCY_OF.get(country, "")
    return "", ""
