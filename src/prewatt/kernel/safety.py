"""Limits of electricity safety: which measured quantity has which limit, how long it may be exceeded, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from .quantities import Quantity, shown, told
from .units import INT64_MAX

TRIP = "-trip"
"""The suffix of an event's code that says that a limit has opened the switch."""
LOADED = 200
"""Below this power (W) a power factor means nothing."""

_VOLTAGES = (Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3)
_CURRENTS = (Quantity.CURRENT_L1, Quantity.CURRENT_L2, Quantity.CURRENT_L3)


class Kind(NamedTuple):
    """A kind of limit, its words, and the advice to people.

    The limit is passed above its threshold, or below it if `over` is False, by the worst of its quantities. A value is
    right again once it has come back by `back`. `outside`: the cause lies in the grid, so that nobody in the flat can
    mend it. `person`: the supply never returns before a person has been there. `loaded`: the quantity means something
    only while power flows.
    """

    words: str
    advice: str
    quantities: tuple[Quantity, ...]
    over: bool
    back: int
    outside: bool = False
    person: bool = False
    loaded: bool = False


_GRID = "This comes from the grid: nothing has to be done in the flat."
_LESS = "Switch something off."
_DAMAGE = "A device or a wire may be damaged: unplug what is wet, hot or broken, and tell the manager."

KINDS: dict[str, Kind] = {
    "over-voltage": Kind("the voltage is too high", _GRID, _VOLTAGES, True, 3_000, outside=True),
    "under-voltage": Kind("the voltage is too low", _GRID, _VOLTAGES, False, 3_000, outside=True),
    "over-current": Kind("too much current flows", _LESS, _CURRENTS, True, 500, loaded=True),
    "neutral-current": Kind(
        "too much current flows in the neutral", _LESS, (Quantity.NEUTRAL_CURRENT,), True, 500, loaded=True
    ),
    "residual-current": Kind(
        "current leaks to earth", _DAMAGE, (Quantity.RESIDUAL_CURRENT,), True, 5, person=True
    ),
    "over-temperature": Kind(
        "the meter or its terminals are too hot", "Do not touch the meter, switch large devices off, and tell the manager.",
        (Quantity.TEMPERATURE,), True, 50, person=True,
    ),
    "low-power-factor": Kind(
        "the power factor is too low", "Ask the manager which device may cause it.", (Quantity.POWER_FACTOR,), False, 20,
        loaded=True,
    ),
    "over-frequency": Kind("the frequency is too high", _GRID, (Quantity.FREQUENCY,), True, 50, outside=True),
    "under-frequency": Kind("the frequency is too low", _GRID, (Quantity.FREQUENCY,), False, 50, outside=True),
    "arc": Kind("an arc was detected", _DAMAGE, (Quantity.ARC,), True, 0, person=True),
}  # fmt: skip
"""The kinds of limits, by the codes of their events."""
TRIPS = {code + TRIP: code for code in KINDS}
"""The kinds of limits, by the codes of the events that say that they have opened the switch."""


class Limit(Struct, frozen=True, omit_defaults=True):
    """A limit of the kind `code`, with its `threshold` in the unit of the quantity.

    Once it has been passed for `delay` seconds, an event is journalled, and the switch opens if `trip` is set. The
    switch closes by itself when the values have been right for a while; if `waits` is set, or the kind says so, it
    waits for a person. A limit of an unknown kind is ignored.
    """

    code: Annotated[str, Meta(max_length=32)]
    threshold: Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)]
    delay: Annotated[int, Meta(ge=0, le=86_400)] = 0
    trip: bool = False
    waits: bool = False

    @property
    def event(self) -> str:
        """Return the code of the event that says that the limit was passed."""
        return self.code + TRIP if self.trip else self.code

    def is_passed(self, value: int) -> bool:
        """Return whether a value is on the wrong side of the limit."""
        return value > self.threshold if KINDS[self.code].over else value < self.threshold

    def is_right(self, value: int) -> bool:
        """Return whether a value is so far on the right side that the limit counts as kept again. A value that trembles
        about the limit does not count.
        """
        kind = KINDS[self.code]
        back = min(kind.back, abs(self.threshold) // 2)
        return value <= self.threshold - back if kind.over else value >= self.threshold + back

    def worst(self, quantities: Mapping[Quantity, int], power: int | None) -> tuple[int, Quantity] | None:
        """Return the value that is nearest to the limit, or farthest beyond it, and its quantity; None if the meter
        reports no plausible value. `power` is the power drawn, W.
        """
        kind = KINDS[self.code]
        values = told(quantities, kind.quantities)
        if Quantity.POWER_FACTOR in kind.quantities:
            # Of what is drawn, whichever way the current leans.
            values = [(abs(value), each) for value, each in values if power is not None and power >= LOADED]
        return (max(values) if kind.over else min(values)) if values else None


def in_words(value: int, quantity: Quantity, limit: Limit) -> str:
    """Return the measured value and the limit as the journal says them: `L1 263.1 V, the limit is 253 V`."""
    if quantity == Quantity.ARC:
        return ""
    phase = f"{quantity[-2:].upper()} " if quantity[-3:-1] == "-l" else ""
    return f"{phase}{shown(quantity, value)}, the limit is {shown(quantity, limit.threshold)}"


def waits(limits: tuple[Limit, ...], code: str) -> bool:
    """Return whether the supply waits for a person after a limit of the kind `code` has opened the switch."""
    return KINDS[code].person or any(each.waits for each in limits if each.code == code and each.trip)
