"""The values that a driver has read from a meter."""

from __future__ import annotations

from msgspec import Struct

from ..kernel.quantities import Quantity


class Observed(Struct, frozen=True):
    """The values of one reading: the register (Wh), whether the switch is closed, the power (W) and its reactive part
    (var), each None if the meter cannot tell; whether it was tampered with; and `end`, the register (Wh) at which its
    counter rolls over, 0 if unknown. `quantities`: other values, if there are limits for any. `keeps`: whether the
    meter can cut off by itself, None if it was not asked; `allowance`: the Wh until it does, None without a bound.
    `own_prepaid`: how a prepaid mode of the meter's own is switched off, if that was on when it last identified itself; None
    if that could not be seen. `clock`: the instant (µs) that its own clock shows, None if that was not read now; `clock_fault`:
    why it shows none, empty if it does.
    """

    register: int
    closed: bool | None
    power: int | None = None
    reactive: int | None = None
    tampered: bool = False
    end: int = 0
    quantities: dict[Quantity, int] = {}
    keeps: bool | None = None
    allowance: int | None = None
    own_prepaid: str | None = ""
    clock: int | None = None
    clock_fault: str = ""


class Foreign(Struct, frozen=True):
    """Another meter answered in the place of this one: its serial number."""

    serial: str
