"""This module notes the true state of a meter and a gateway when an entry is written, for the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .gateway import Gateway
    from .world import World


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was made. If `amount` (nano) is over zero, the code brings that much of the credit `name`. If it is zero,
    the code does what the order `name` does.
    """

    name: str
    amount: int


class Seen(NamedTuple):
    """The state when an entry was written: the true instant, the gateway's time, its boots, and the meter's facts
    (`faults.meters.Meter`). `honest`: the meter shows what has truly flowed since it was hung.
    """

    now: int
    time: int
    boots: int
    shown: int
    energy: int
    power: int
    lied_at: int
    serial: str
    hung: int
    end: int
    honest: bool

    @property
    def can_err(self) -> bool:
        """Return whether a register may be wrong: it has lied, the meter was exchanged, or the gateway started again."""
        return bool(self.lied_at or self.serial or self.boots)


def seen(world: World, gateway: Gateway, name: str) -> Seen:
    """Return the present true state of a meter, and its gateway's time and boots."""
    meter = world.meters[name]
    return Seen(
        world.now,
        gateway.time(),
        gateway.boots,
        meter.shown,
        meter.energy,
        meter.power,
        meter.lied_at,
        meter.serial,
        meter.hung,
        meter.end,
        meter.shown == meter.register() and not (meter.fell or meter.serial or meter.lost),
    )


class Since(NamedTuple):
    """Since when something lasts, by the journal (`at`) and by the true time (`true`); 0 if it does not."""

    at: int = 0
    true: int = 0
