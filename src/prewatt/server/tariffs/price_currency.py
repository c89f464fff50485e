"""The currency that a unit of prices names, such as the EUR of EUR/kWh or the paise of paise/kWh."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...amounts import CURRENCY_NAMES, CURRENCY_SIGNS
from ...kernel.currencies import MINOR_DIGITS

_CENTAVOS = ("BRL", "MXN", "PHP", "ARS", "COP", "CLP", "BOB", "GTQ", "HNL", "NIO", "DOP", "CUP", "MZN", "CVE")
_HUNDREDTHS = {
    "p": ("GBP", "GIP", "FKP", "SHP"), "pence": ("GBP", "GIP", "FKP", "SHP"), "öre": ("SEK",), "øre": ("NOK", "DKK"),
    "分": ("CNY", "HKD", "TWD", "MOP"), "rp": ("CHF",), "rappen": ("CHF",), "paise": ("INR", "PKR", "NPR"), "paisa": ("INR", "PKR", "NPR"),
    "kuruş": ("TRY",), "krş": ("TRY",), "grosz": ("PLN",), "groszy": ("PLN",), "gr": ("PLN",), "haléř": ("CZK",), "haléřů": ("CZK",),
    "fils": ("AED",), "centavo": _CENTAVOS, "centavos": _CENTAVOS, "sen": ("MYR", "BND"),
}  # fmt: skip
THOUSANDS = {"VND", "IDR", "HUF", "IRR", "LAK", "KHR", "MMK", "UZS", "PYG", "UGX", "TZS", "GNF", "LBP", "NGN", "COP"}
"""Currencies in which 3.151 for a kWh may be three thousand."""
_WORDS = ("all", "top")
"""Codes that are words too: "price (all)" names no lek."""
_BEFORE_ENERGY = re.compile(r"([^\s/,;()]+?)\.?\s*(?:/|\bper\b|\bpro\b)\s*1?\s*(?:[km]?wh|千瓦[时時]|兆瓦[时時])")


@dataclass(frozen=True)
class Named:
    """What a unit names: the codes of the currencies that it can be, and whether it is a hundredth of them."""

    currencies: tuple[str, ...]
    is_hundredth: bool

    def __str__(self) -> str:
        return " / ".join(self.currencies)


def currency_in(unit: str, currency: str) -> Named | None:
    """Return what a unit in small letters names, such as "eur/kwh" or "paise"; None if it names no currency, or
    one that several countries have a word for, such as cents. `currency`: the one that is taken where a word is the unit of
    several, as Rp. is in Switzerland and in Indonesia.
    """
    match = _BEFORE_ENERGY.search(unit)
    word = (match[1] if match else unit).strip(" .")
    if word.upper() in MINOR_DIGITS and (match or word not in _WORDS):
        return Named((word.upper(),), is_hundredth=False)
    whole, hundredths = CURRENCY_NAMES.get(word, CURRENCY_SIGNS.get(word, ())), _HUNDREDTHS.get(word, ())
    if hundredths and (currency in hundredths or not whole):
        return Named(hundredths, is_hundredth=True)
    return Named(whole, is_hundredth=False) if whole else None
