"""What the landlord sets: tariffs and their corrections, moves, settings. As in `people`, each has random numbers of
its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from ...kernel.entries import ChangeSettings, ChangeTenancy, SetTariff
from ...kernel.off_hours import OffHours
from ...kernel.safety import Limit
from ...kernel.settings import Settings
from ...kernel.supply import FriendlyHours, PowerLimit, Window
from ...kernel.units import DAY, HOUR, MINUTE, NANO
from . import people
from .meters import FUSE
from .tariffs import some_tariff

if TYPE_CHECKING:
    from .world import World


def move_in(world: World, name: str, dice: Random) -> None:
    """Give a meter its first settings, its first tariff and a first payment."""
    people.order(world, name, ChangeSettings(_some_settings(world, dice, plain=dice.random() < 0.5)))
    people.order(world, name, SetTariff(world.swarm.begin - dice.choice((0, DAY)), some_tariff(world.swarm.zone, dice)))
    people.pay(world, name, dice)


def tariff(world: World, name: str, dice: Random) -> None:
    """Order another tariff from a random hour on."""
    effective = (world.now // HOUR + dice.randrange(-2, 30)) * HOUR + dice.choice((0, 0, 7 * MINUTE))
    people.order(world, name, SetTariff(effective, some_tariff(world.swarm.zone, dice)))


def correct(world: World, name: str, dice: Random) -> None:
    """Order other prices for an instant that has a tariff already."""
    known = [each for each in world.database.meters[name].log if isinstance(each, SetTariff)]
    people.order(world, name, SetTariff(known[-1].effective, some_tariff(world.swarm.zone, dice)))


def move(world: World, name: str, dice: Random) -> None:
    """Let another tenant move in at a random hour. The remaining credit is given back to the tenant before."""
    at = world.now + dice.choice((-HOUR, 0, 17 * MINUTE, HOUR, DAY))
    people.order(world, name, ChangeTenancy(at))
    if dice.random() < 0.5:
        world.later(max(at, world.now) + HOUR, partial(_settle, world, name, world.happening))


def _settle(world: World, name: str, happening: str) -> None:
    left = world.oracle.books[name].balance
    if left > 0:
        people.take_off(world, name, left, f"{happening}.settled", "moved out")


def settings(world: World, name: str, dice: Random) -> None:
    """Order other settings."""
    people.order(world, name, ChangeSettings(_some_settings(world, dice, plain=False)))


def _some_settings(world: World, dice: Random, plain: bool) -> Settings:
    if plain:
        return Settings(low_credit=2 * NANO, emergency_credit=NANO, zone=world.swarm.zone, power_highest=FUSE)
    begin = dice.randrange(96) * 15
    night = Window(tuple(sorted(dice.sample(range(8), dice.randrange(1, 9)))), begin, dice.randrange(1, 97) * 15 % 1441)
    friendly = FriendlyHours((night,), (), dice.choice((0, NANO))) if dice.random() < 0.5 else FriendlyHours()
    watts = tuple(dice.choice((0, 0, 0, 0, 0, 1000, 2000)) for _ in range(24))
    power = PowerLimit()
    if dice.random() < 0.15:
        power = PowerLimit(watts, 30, dice.choice((60, 600)), dice.randrange(3), dice.choice((0, 1500, 2500)))
    return Settings(
        low_credit=dice.choice((0, NANO, 3 * NANO)),
        low_credit_energy=dice.choice((0, 0, 2000)),
        clearance=dice.choice((0, 0, 3 * NANO)),
        emergency_credit=dice.choice((0, NANO)),
        emergency_repayment=dice.choice((100, 50)),
        zone=world.swarm.zone,
        friendly=friendly,
        power=power,
        tamper_locks=dice.random() < 0.5,
        power_highest=FUSE,
        doubtful_readings=dice.choice((2, 5)),
        foreign_for=dice.choice((0, 0, 3600)),
        low_steps=(NANO // 2, 2 * NANO) if begin % 2 else (),
        low_energy_steps=(1000, 5000) if begin % 4 else (),
        credit_limit=2 * NANO if begin // 15 % 6 == 5 else 0,
        credit_limit_cuts=begin // 15 % 12 != 10,
        off_hours=_some_off_hours(dice),
        limits=_some_limits(dice) if dice.random() < 0.2 else (),
    )


def _some_off_hours(dice: Random) -> OffHours:
    if dice.random() > 0.2:
        return OffHours()
    night = Window((0, 1, 2, 3, 6), dice.randrange(1200, 1320), dice.randrange(300, 405))
    return OffHours((night,), (), dice.choice((0, 0, 500)), dice.choice((0, 0, 1000, 3000)))


def _some_limits(dice: Random) -> tuple[Limit, ...]:
    return tuple(
        Limit(code, threshold, dice.choice((0, 5, 90)), dice.random() < 0.7, dice.random() < 0.15)
        for code, threshold in (("over-voltage", 253_000), ("under-voltage", 207_000))
    )


HANDLERS: dict[str, Callable[[World, str, Random], None]] = {
    "tariff": tariff,
    "correct": correct,
    "move": move,
    "settings": settings,
}
