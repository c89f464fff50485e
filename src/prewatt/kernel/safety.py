"""Limits of electricity safety: what may be measured at a meter, for how long more is borne, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from .quantities import Quantity, shown, told
from .units import INT64_MAX

TRIP = "-trip"
"""What an event's code ends with where a limit has opened the switch."""
LOADED = 200
"""W under which a power factor says nothing."""

_VOLTAGES = (Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3)
_CURRENTS = (Quantity.CURRENT_L1, Quantity.CURRENT_L2, Quantity.CURRENT_L3)


class Kind(NamedTuple):
    """A kind of limit, in words, and what people are advised to do. It is passed over it, or under it where `over` is False, by
    the worst of its quantities; a value counts as right again once it has come back by `back`. `outside`: what is wrong comes
    from the grid, so that nobody in the flat can mend it; `person`: the supply never returns before somebody was there;
    `loaded`: it says something only while power flows.
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
"""By the codes of the events that tell of them."""
TRIPS = {code + TRIP: code for code in KINDS}
"""Kinds by the codes of the events with which they open the switch."""


class Limit(Struct, frozen=True, omit_defaults=True):
    """A limit of a kind (`code`): passed for `delay` seconds, it is told; or opens the switch (`trip`), which closes again by
    itself once all is right for a while, or (`waits`, or where the kind says so) only by a person. `threshold` is in the
    quantity's unit. A kind that is not known is not looked after.
    """

    code: Annotated[str, Meta(max_length=32)]
    threshold: Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)]
    delay: Annotated[int, Meta(ge=0, le=86_400)] = 0
    trip: bool = False
    waits: bool = False

    @property
    def event(self) -> str:
        """The code of the event that says that it was passed."""
        return self.code + TRIP if self.trip else self.code

    def is_passed(self, value: int) -> bool:
        """Whether a value is on the wrong side."""
        return value > self.threshold if KINDS[self.code].over else value < self.threshold

    def is_right(self, value: int) -> bool:
        """Whether a value is so far on the right side that one who trembles about the limit is not told each time."""
        kind = KINDS[self.code]
        back = min(kind.back, abs(self.threshold) // 2)
        return value <= self.threshold - back if kind.over else value >= self.threshold + back

    def worst(self, quantities: Mapping[Quantity, int], power: int | None) -> tuple[int, Quantity] | None:
        """The value that comes next to the limit, or is farthest beyond it, of which quantity; None if the meter tells none
        that can be true. `power` (W) is what is drawn.
        """
        kind = KINDS[self.code]
        found = told(quantities, kind.quantities)
        if Quantity.POWER_FACTOR in kind.quantities:
            # Of what is drawn, whichever way the current leans.
            found = [(abs(value), each) for value, each in found if power is not None and power >= LOADED]
        return (max(found) if kind.over else min(found)) if found else None


def in_words(value: int, quantity: Quantity, limit: Limit) -> str:
    """What was measured, and what the limit is, for the journal: `L1 263.1 V, the limit is 253 V`."""
    if quantity == Quantity.ARC:
        return ""
    phase = f"{quantity[-2:].upper()} " if quantity[-3:-1] == "-l" else ""
    return f"{phase}{shown(quantity, value)}, the limit is {shown(quantity, limit.threshold)}"


def waits(limits: tuple[Limit, ...], code: str) -> bool:
    """Whether the supply waits for a person after it was opened by limits of a kind."""
    return KINDS[code].person or any(each.waits for each in limits if each.code == code and each.trip)
