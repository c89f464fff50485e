"""A row of a table, with its cells by their roles."""

from __future__ import annotations

import re

from ....amounts import CURRENCY_NAMES, CURRENCY_SIGNS
from ....tables.cells import text_of
from ....tables.rows import Cell, Row
from . import names
from .layout import Layout
from .words import meaning

_CODES = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")
_WORDS = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "RMB": "CNY",
    "RUR": "RUB",
    "EURO": "EUR",
    "CNH": "CNY",
    "US-DOLLAR": "USD",
    "美元": "USD",
}


class Data:
    """A row below the row of names. `number`: its line in the file; `texts`: its cells as texts; `filled`: whether a
    cell has a text.
    """

    def __init__(self, row: Row, layout: Layout) -> None:
        self.number, self.cells = row.number, row.cells
        self.texts = [text_of(cell).strip("`\t ") for cell in row.cells]
        self.filled = any(self.texts)
        self._layout = layout

    def text(self, role: str) -> str:
        """Return the text of a role; empty if it means nothing."""
        return self.at(self._layout.one(role))

    def at(self, place: int | None) -> str:
        """Return the text at a place; empty also for a text that means nothing, such as a hyphen."""
        return meaning(self.raw(place))

    def raw(self, place: int | None) -> str:
        """Return the text at a place, whether it means anything or not."""
        return "" if place is None or place >= len(self.texts) else self.texts[place]

    def cell(self, role: str) -> Cell:
        """Return the cell of a role as the file has it: a text, or a number of a workbook."""
        place = self._layout.one(role)
        return "" if place is None or place >= len(self.cells) else self.cells[place]

    def first(self, role: str) -> str:
        """Return the first text of the columns with a role; empty if all of them are empty."""
        return next((text for place in self._layout.places.get(role, ()) if (text := self.at(place))), "")

    def whole(self) -> str:
        """Return all texts of the row, joined by blanks."""
        return " ".join(filter(None, self.texts))

    def currency(self, home: str) -> str:
        """Return the currency code of the amount: from its own column, else from beside the amount or from that
        column's name, else `home`.
        """
        name = self.text(names.CURRENCY).upper()
        if name:
            return _WORDS.get(name, name[:3])
        for role in (names.AMOUNT, names.IN, names.OUT):
            code = _currency_in(self.text(role), home)
            if code:
                return code
        return _currency_in(self._layout.currency, home) or home


def _currency_in(text: str, home: str) -> str:
    """Return the currency code that a text names; empty if it names none. If several currencies share a sign, it is the
    landlord's own currency, `home`, or else the most usual one.
    """
    name = re.sub(r"[\d.,'’()+\s-]", "", text).casefold()
    meant = CURRENCY_NAMES.get(name, ())
    match = None if meant else _CODES.search(text)
    if match:
        return _WORDS.get(match[1], match[1])
    meant = meant or next((codes for sign, codes in CURRENCY_SIGNS.items() if sign in text), ())
    return home if home in meant else next(iter(meant), "")
