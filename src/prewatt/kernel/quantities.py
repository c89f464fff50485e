"""What a meter measures beside its register: named quantities, each an integer in a fixed unit.

A value is a claim, as a register is: one that can't be, or that stands for "no value", counts as not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple


class Quantity(StrEnum):
    """The names, as they are journalled, sent and shown. L1 to L3 are the phases; a meter of one phase has L1."""

    VOLTAGE_L1 = "voltage-l1"
    VOLTAGE_L2 = "voltage-l2"
    VOLTAGE_L3 = "voltage-l3"
    CURRENT_L1 = "current-l1"
    CURRENT_L2 = "current-l2"
    CURRENT_L3 = "current-l3"
    NEUTRAL_CURRENT = "neutral-current"
    RESIDUAL_CURRENT = "residual-current"
    TEMPERATURE = "temperature"
    POWER_FACTOR = "power-factor"
    FREQUENCY = "frequency"
    ARC = "arc"


class Unit(NamedTuple):
    """How a quantity is counted: in 10**-`decimals` of the unit `symbol`, from `lowest` to `highest`; what lies outside of
    that no meter in service can measure. `words`: its name for people.
    """

    words: str
    symbol: str
    decimals: int
    lowest: int
    highest: int


def _of_phases(name: str, unit: Unit) -> dict[Quantity, Unit]:
    return {Quantity(f"{name}-l{n}"): unit._replace(words=f"{unit.words} L{n}") for n in (1, 2, 3)}


UNITS: dict[Quantity, Unit] = {
    # Under 50 V no meter works: a phase that is not connected, or one behind an open switch, has no voltage to be judged.
    **_of_phases("voltage", Unit("voltage", "V", 3, 50_000, 500_000)),
    **_of_phases("current", Unit("current", "A", 3, 0, 1_000_000)),
    Quantity.NEUTRAL_CURRENT: Unit("neutral current", "A", 3, 0, 1_000_000),
    Quantity.RESIDUAL_CURRENT: Unit("residual current", "mA", 0, 0, 30_000),
    Quantity.TEMPERATURE: Unit("temperature", "°C", 1, -400, 2_000),
    Quantity.POWER_FACTOR: Unit("power factor", "", 3, -1_000, 1_000),
    Quantity.FREQUENCY: Unit("frequency", "Hz", 3, 40_000, 70_000),
    Quantity.ARC: Unit("arc", "", 0, 0, 1),
}

NO_VALUES = frozenset(raw * 10**scale for raw in (2**15 - 1, 2**15, 2**16 - 1) for scale in range(4))
"""What registers of 16 bits hold when a sensor tells nothing, in whichever decimals they count."""


def can_be(quantity: Quantity, value: int) -> bool:
    """Whether a value can be true: none of a broken sensor, or of bits that are all set."""
    unit = UNITS[quantity]
    return unit.lowest <= value <= unit.highest and value not in NO_VALUES


def told(quantities: Mapping[Quantity, int], of: Iterable[Quantity]) -> list[tuple[int, Quantity]]:
    """What a meter tells of some quantities, as far as it can be true."""
    return [(quantities[each], each) for each in of if each in quantities and can_be(each, quantities[each])]


def shown(quantity: Quantity, value: int) -> str:
    """A value for people, exactly: `263.1 V`."""
    unit = UNITS[quantity]
    return " ".join(filter(None, (decimal(value, unit.decimals), unit.symbol)))


def decimal(value: int, decimals: int) -> str:
    """An integer of 10**-`decimals` as a decimal without needless zeros: (263100, 3) is `263.1`."""
    whole, part = divmod(abs(value), 10**decimals)
    digits = f"{part:0{decimals}}".rstrip("0") if decimals else ""
    return f"{'-' if value < 0 else ''}{whole}{'.' if digits else ''}{digits}"
