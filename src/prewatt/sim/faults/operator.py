"""What an operator does who reads the alarms. Like all happenings it has random numbers of its own."""

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
"""A journal that is ahead by so much is not: clocks differ."""


def lead(world: World, who: str, _dice: Random) -> None:
    """Lead back the gateway's journals that are ahead of the time, as far as the server knows of them."""
    database = world.database
    for name in world.gateways[who].meters:
        stored = database.meters[name]
        on_its_way = any(isinstance(row.command.order, LeadBack) for row in [*stored.open.values(), *stored.aside])
        if not on_its_way and database.account(name).at > world.now + NEAR:
            people.order(world, name, LeadBack())


HANDLERS: dict[str, Callable[[World, str, Random], None]] = {"lead": lead}
