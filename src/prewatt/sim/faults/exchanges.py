"""Meters are exchanged, and people tell that: before, at once or late, with the old meter's last register or without."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from ...kernel.entries import Exchange
from ...kernel.units import HOUR, MINUTE
from . import people

if TYPE_CHECKING:
    from .world import World


def exchange(world: World, who: str, dice: Random) -> None:
    """Exchange a meter. It is announced at once, later, or before; with the old one's register, with that rounded to
    kWh, or without it.
    """
    serial, first = f"{who}-{world.happening.rpartition('.')[2]}", dice.randrange(3000)
    when = dice.choice((0, MINUTE, HOUR, 5 * HOUR))
    if dice.random() < 0.2:
        people.order(world, who, Exchange(serial, first))
        world.later(world.now + dice.randrange(HOUR), partial(_hang, world, who, serial, first))
        return
    old = world.meters[who].serial
    last: int | None = _hang(world, who, serial, first)
    last = dice.choice((last, last // 1000 * 1000, None)) if last is not None else None
    world.later(world.now + when, partial(_announce, world, who, old, Exchange(serial, first, last)))


def _hang(world: World, who: str, serial: str, first: int) -> int:
    """Hang the new meter. Returns the last register of the old one."""
    last = world.meters[who].exchange(world.now, serial, first)
    world.wake(who)
    return last


def _announce(world: World, who: str, old: str, order: Exchange) -> None:
    """Announce an exchange of the `old` meter, unless yet another one hangs there by now. Of a meter that was never
    announced nobody tells the last register.
    """
    if world.meters[who].serial != order.serial:
        return
    if order.last is not None and world.oracle.books[who].serial != old:
        order = Exchange(order.serial, order.first)
    people.order(world, who, order)
    if order.last is not None:
        world.later(world.now + HOUR, partial(_announce_again, world, who, order))


def _announce_again(world: World, who: str, order: Exchange) -> None:
    """Announce an exchange again without the old meter's register, if the order with the register is refused. Wait as
    long as it is open.
    """
    book = world.oracle.books[who]
    if id(order) not in book.done:
        world.later(world.now + HOUR, partial(_announce_again, world, who, order))
    elif id(order) in book.refused and world.meters[who].serial == order.serial:
        people.order(world, who, Exchange(order.serial, order.first))


HANDLERS: dict[str, Callable[[World, str, Random], None]] = {"exchange": exchange}
