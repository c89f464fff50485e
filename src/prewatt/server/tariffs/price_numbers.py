"""The sign before the decimals of prices: 1.234 is a little over one, or more than a thousand, and is asked for where neither the
other prices nor the price itself tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from ...amounts import SIGNS, Ambiguous, NoAmount, decimal_sign, read_number
from ...tables.cells import CellError
from ...tables.problems import shown
from .price_units import THOUSANDS

USUAL = 10
"""The most, in a currency that is not counted in thousands, that a kWh costs anywhere: 1.234 per kWh is no 1234."""


@dataclass(frozen=True)
class PriceNumbers:
    """The sign before the decimals in a file. `chosen`: the one that somebody has chosen; `clear`: the one of the prices that can be
    read in one way only, empty if they tell none; `shift`: by how many powers of ten its prices are smaller than one per kWh.
    """

    chosen: str
    clear: str
    shift: int
    currency: str

    def sign(self, text: str) -> str:
        """Return the sign before the decimals of a number, empty if it has none. Raises CellError if it is in doubt."""
        if self.chosen:
            if text.lstrip("+-").startswith(f"0{SIGNS.replace(self.chosen, '')}"):
                # 0,123 has no thousands.
                raise CellError(_("%(found)r has another sign before its decimals") % {"found": shown(text)})
            return self.chosen
        try:
            read_number(text)
        except Ambiguous:
            return self._of_two(text)
        except NoAmount:
            pass
        return self.clear

    def _of_two(self, text: str) -> str:
        sign = next(each for each in SIGNS if each in text)
        other = SIGNS.replace(sign, "")
        small, large = read_number(text, sign), read_number(text, other)
        is_usual = self.currency in THOUSANDS or abs(large).scaleb(-self.shift) <= USUAL
        if self.clear == sign or (not self.clear and not is_usual):
            return sign
        if self.clear and is_usual:
            return other
        raise CellError(_doubt(text, small, large))


def numbers_of(texts: Iterable[str], chosen: str, shift: int, currency: str) -> PriceNumbers:
    """Return how the numbers of a file are read; see `PriceNumbers`."""
    return PriceNumbers(chosen, decimal_sign(texts), shift, currency)


def _doubt(text: str, small: Decimal, large: Decimal) -> str:
    said = _(
        "%(found)r can be %(small)s or %(large)s. Choose with the file which sign stands before the decimals (as a command: "
        "--decimal)"
    )
    return said % {"found": shown(text), "small": f"{small:f}", "large": f"{large.normalize():f}"}
