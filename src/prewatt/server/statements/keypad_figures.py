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
    """The codes and the readings of a span. Between the first and the last of these readings (there must be two)
    `used` is what the register says, `sold` what codes were made for; `used` is None if a reading between is in doubt.
    `left`: what is left by that at the last one, on the meter and by codes that are not typed in yet; None if it was not
    typed what was left at the first.
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
