"""The figures of a keypad meter on a statement. Energy in Wh, money in nano, instants in µs since 1970."""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.rating import Used
from ..vending.keypad_models import KeypadReading
from ..vending.models import TokenMeter


@dataclass(frozen=True)
class EntryCharge:
    """The amounts of an entry of the account, with the fields of a reading of a journal."""

    at: int
    used: tuple[Used, ...]
    energy: int
    fee: int
    standing: int
    minimum: int
    tax: int
    tax_included: int
    charges: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class SoldCode:
    """A code that was sold: the `number` of its entry in the account, its digits for people (`text`), its energy, and
    what it cost. `is_back`: it was given back, or all of it was left at the move-out.
    """

    number: int
    at: int
    text: str
    energy: int
    charge: int
    is_back: bool


@dataclass(frozen=True)
class KeypadPart:
    """The codes of a span, and its readings, with those of a day before and after it. From the first to the last reading,
    `used` is the energy by the register, and `sold` the energy of the codes that were made. `used` is None, and `sold` 0,
    without two readings; `used` is also None if a later reading is in doubt. `left`: the energy that is left at the last
    reading, on the meter and by codes that are not typed yet; None without `used`, or if the first reading lacks it.
    """

    meter: TokenMeter
    codes: list[SoldCode]
    readings: list[KeypadReading]
    sold: int
    used: int | None
    left: int | None

    @property
    def difference(self) -> int | None:
        """Return how much more was sold than used; under zero if more was used. None if that is not known."""
        return None if self.used is None else self.sold - self.used
