"""Two gateways with one identity: a memory card is copied, and for some hours both gateways run. The copy is at the
same bus, or at a bus without its meters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from ...kernel.units import DAY, HOUR
from ...wire.signing import SigningKey
from . import people, trouble
from .flash import Copy
from .gateway import Gateway

if TYPE_CHECKING:
    from .world import World

KEPT_OUT = HOUR
"""How long (µs) a gateway that is kept out goes on."""


def clone(world: World, who: str, dice: Random) -> None:
    """Copy a gateway's memory card. Now or later, the copy runs, too."""
    gateway = world.gateways[who]
    copied, when = gateway.flash.copy(), world.now + dice.choice((0, HOUR, DAY))
    world.later(when, partial(_both_run, world, who, copied, gateway.key, dice))


def _both_run(world: World, who: str, copied: Copy, key: SigningKey, dice: Random) -> None:
    gateway = world.gateways[who]
    if gateway.twin is not None or gateway.key is not key:
        # One is enough; and a gateway that was enrolled again since has nothing to do with it.
        return
    world.tell(who, "another gateway runs with a copy of its card")
    twin = Gateway(world, who, gateway.meters, key, gateway.flash.cloned(copied))
    twin.far = dice.random() < 0.5
    twin.boots, twin.guessed, twin.anew = gateway.boots + 1000, dict(gateway.guessed), set(gateway.anew)
    twin.booted_wrong = gateway.booted_wrong
    twin.books = {name: gateway.books[name] for name in gateway.meters}
    for name in twin.meters:
        twin.rewritten(name)
    gateway.twin, twin.twin = twin, gateway
    world.twins.append(twin)
    twin.power_on()
    lasts = dice.choice((2 * HOUR, 6 * HOUR, 20 * HOUR))
    world.later(world.now + lasts, partial(_somebody_comes, world, who, twin, dice))


def _somebody_comes(world: World, who: str, twin: Gateway, dice: Random) -> None:
    """Stop one of the two gateways, or enrol it again, which locks out the other one."""
    gateway = world.gateways[who]
    if gateway.twin is not twin:
        return
    how = dice.choice(("stop", "stop", "stay", "enrol"))
    if how == "enrol":
        trouble.replace(world, who, dice, kept_out=KEPT_OUT if twin.far else 0)
    elif how == "stay" and not twin.far:
        _takes_over(world, gateway, twin)
    else:
        one_is_left(world, who)


def _takes_over(world: World, gateway: Gateway, twin: Gateway) -> None:
    """Stop the first gateway and keep the copy."""
    world.tell(gateway.name, "the one with the copy of its card stays")
    world.twins.remove(twin)
    world.takes_place(twin)
    _gone(gateway)
    twin.twin = None
    people.keys_are(world, twin)
    _is_left(world, twin)


def one_is_left(world: World, who: str, kept_out: int = 0) -> None:
    """Stop the copy: at once, or after it has gone on for `kept_out` µs without being believed."""
    gateway = world.gateways[who]
    for twin in world.named(who)[1:]:
        world.tell(who, "the one with the copy of its card is kept out" if kept_out else "the copy is stopped")
        if kept_out:
            world.at(world.now + kept_out, partial(one_is_left, world, who))
        else:
            world.twins.remove(twin)
            _gone(twin)
    if gateway.twin is not None:
        gateway.twin = None
        _is_left(world, gateway)


def _gone(gateway: Gateway) -> None:
    gateway.end()
    gateway.gone, gateway.twin = True, None
    gateway.flash.close()


def _is_left(world: World, gateway: Gateway) -> None:
    world.oracle.one_again(gateway)
    for name in gateway.meters:
        # What was told may be the other one's, and nobody lets the books go on from that.
        world.database.beyond.pop(name, None)
    # What it may have missed comes with its next sign of life.
    gateway.line.lost()


HANDLERS: dict[str, Callable[[World, str, Random], None]] = {"clone": clone}
