"""What an operator who reads the alarms does. Like all happenings, it has random numbers of its own."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from ...kernel.entries import LeadBack
from ...kernel.units import MINUTE
from . import people

if TYPE_CHECKING:
    from .world import World

NEAR = 2 * MINUTE
"""A journal that is ahead by no more than this (µs) does not count as ahead, because clocks differ."""


def lead(world: World, who: str, _dice: Random) -> None:
    """Lead back the gateway's journals that are ahead of the time, as far as the server knows of them."""
    database = world.database
    for name in world.gateways[who].meters:
        stored = database.meters[name]
        on_its_way = any(isinstance(row.command.order, LeadBack) for row in [*stored.open.values(), *stored.aside])
        if not on_its_way and database.account(name).at > world.now + NEAR:
            people.order(world, name, LeadBack())


HANDLERS: dict[str, Callable[[World, str, Random], None]] = {"lead": lead}
