"""What a driver read of a meter."""

from __future__ import annotations

from msgspec import Struct

from ..kernel.quantities import Quantity


class Observed(Struct, frozen=True):
    """What a driver read: the register (Wh), whether the switch is closed, the power drawn (W) and its reactive part
    (var), each None if the meter can't tell; whether it was tampered with; and `end`, the Wh at which its counter begins
    anew, 0 if the driver does not know. `quantities`: what else it tells, where somebody has set a limit to any.
    `keeps`: whether the meter can cut off by itself, None if it was not asked; then `allowance`: Wh until it does, None without
    a bound.
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


class Foreign(Struct, frozen=True):
    """Another meter answered in this one's place: its serial number."""

    serial: str
