"""A row of a table, asked for by what its cells are."""

from __future__ import annotations

import re

from ....tables.cells import text_of
from ....tables.rows import Cell, Row
from . import names
from .layout import Layout

_NOTHING = frozenset(("", "-", "--", "---", "/", "–", "—", "n/a", "null", "none"))
_CODES = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₺": "TRY",
    "₴": "UAH",
    "₦": "NGN",
    "₫": "VND",
    "฿": "THB",
}
_SHARED = {
    "$": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN"),
    "¥": ("CNY", "JPY"),
    "￥": ("CNY", "JPY"),
    "元": ("CNY",),
}
"""Signs of several currencies: the landlord's own, if it is one of them; else the first."""
_WORDS = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "RMB": "CNY",
    "EURO": "EUR",
    "元": "CNY",
    "CNH": "CNY",
    "US-DOLLAR": "USD",
    "美元": "USD",
}


class Data:
    """A row below the names."""

    def __init__(self, row: Row, layout: Layout) -> None:
        self.number, self.cells = row.number, row.cells
        self.texts = [text_of(cell).strip("`\t ") for cell in row.cells]
        self.filled = any(self.texts)
        self._layout = layout

    def text(self, role: str) -> str:
        return self.at(self._layout.one(role))

    def at(self, place: int | None) -> str:
        """What stands at a place; empty for what means nothing, too."""
        told = self.raw(place)
        return "" if told.casefold() in _NOTHING else told

    def raw(self, place: int | None) -> str:
        """What stands at a place, whether it means anything or not."""
        return "" if place is None or place >= len(self.texts) else self.texts[place]

    def cell(self, role: str) -> Cell:
        place = self._layout.one(role)
        return "" if place is None or place >= len(self.cells) else self.cells[place]

    def first(self, role: str) -> str:
        return next((told for place in self._layout.places.get(role, ()) if (told := self.at(place))), "")

    def whole(self) -> str:
        return " ".join(filter(None, self.texts))

    def currency(self, home: str) -> str:
        """The currency of its amount: of its own column, else beside the amount or in that column's name, else `home`."""
        told = self.text(names.CURRENCY).upper()
        if told:
            return _WORDS.get(told, told[:3])
        for role in (names.AMOUNT, names.IN, names.OUT):
            found = _currency_in(self.text(role), home)
            if found:
                return found
        return _currency_in(self._layout.currency, home) or home


def _currency_in(text: str, home: str) -> str:
    match = _CODES.search(text)
    if match:
        return _WORDS.get(match[1], match[1])
    for sign, code in _SIGNS.items():
        if sign in text:
            return code
    for sign, codes in _SHARED.items():
        if sign in text:
            return home if home in codes else codes[0]
    return ""
