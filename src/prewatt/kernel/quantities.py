"""The quantities that a meter measures beside its register. Each is an integer in a fixed unit.

A meter may report a wrong value, as it may show a wrong register. So an impossible value, or one that stands for "no
value", counts as not reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple


class Quantity(StrEnum):
    """The names of the quantities, as they are journalled, sent and shown. L1 to L3 are the phases; a meter of one
    phase has L1.
    """

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
    """How a quantity is counted: in steps of 10**-`decimals` of the unit `symbol`, from `lowest` to `highest`. No meter
    in service can measure a value outside of that. `words`: the quantity's name for people.
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
"""What 16-bit registers hold when a sensor reports nothing, at the usual numbers of decimals."""


def can_be(quantity: Quantity, value: int) -> bool:
    """Return whether a value can be true: it does not stand for "no value", and lies within the bounds of its unit."""
    unit = UNITS[quantity]
    return unit.lowest <= value <= unit.highest and value not in NO_VALUES


def told(quantities: Mapping[Quantity, int], of: Iterable[Quantity]) -> list[tuple[int, Quantity]]:
    """Return the plausible values that a meter reports for the quantities in `of`, as pairs of (value, quantity)."""
    return [(quantities[each], each) for each in of if each in quantities and can_be(each, quantities[each])]


def shown(quantity: Quantity, value: int) -> str:
    """Return a value for people, exactly: `263.1 V`."""
    unit = UNITS[quantity]
    return " ".join(filter(None, (decimal(value, unit.decimals), unit.symbol)))


def decimal(value: int, decimals: int) -> str:
    """Return an integer of 10**-`decimals` as a decimal without needless zeros: (263100, 3) becomes `263.1`."""
    whole, part = divmod(abs(value), 10**decimals)
    digits = f"{part:0{decimals}}".rstrip("0") if decimals else ""
    return f"{'-' if value < 0 else ''}{whole}{'.' if digits else ''}{digits}"
