"""What goes wrong in the grid: a voltage that is too high or too low for seconds or for hours, and readings of it that are
nonsense.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from ...kernel.safety import Limit
from ...kernel.units import HOUR, MINUTE, SECOND
from .meters import VOLTS

if TYPE_CHECKING:
    from .world import World


def surge(world: World, who: str, dice: Random) -> None:
    """Let the voltage be wrong for a while, or one reading of it."""
    meter = world.meters[who]
    if dice.random() < 0.4:
        meter.volts_error = dice.choice((0, 190_000, 270_000, 6_553_500))
    else:
        meter.set_volts(world.now, dice.choice((190_000, 204_000, 257_000, 262_000)))
        world.at(world.now + dice.choice((30 * SECOND, 5 * MINUTE, HOUR, 3 * HOUR)), partial(_right, world, who))
    world.wake(who)


def _right(world: World, who: str) -> None:
    world.meters[who].set_volts(world.now, VOLTS)
    world.wake(who)


def is_passed(limit: Limit, volts: int) -> bool:
    """Return whether a voltage (mV) is on the wrong side of a limit."""
    return volts > limit.threshold if limit.code == "over-voltage" else volts < limit.threshold


HANDLERS: dict[str, Callable[[World, str, Random], None]] = {"surge": surge}
