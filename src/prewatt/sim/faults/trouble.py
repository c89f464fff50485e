"""What goes wrong, a function for each kind."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import msgspec

from ...kernel.entries import GrantCredit
from ...kernel.units import DAY, HOUR, MINUTE, SECOND
from . import clone, people
from .database import Enrolled, Stored
from .facts import Code
from .flash import Copy
from .keys import pair
from .meters import FAR, FAR_UNTOLD, FUSE

if TYPE_CHECKING:
    from .world import World


def cut(world: World, who: str, dice: Random) -> None:
    """Cut the line for a while."""
    up, down = dice.choice(((True, True), (True, True), (True, False), (False, True)))
    lasts = dice.choice((2 * MINUTE, HOUR, 8 * HOUR, 2 * DAY))
    world.gateways[who].line.cut(up, down, dice.randrange(40 * SECOND), lasts)


def power(world: World, who: str, dice: Random) -> None:
    """Take the gateway's power away for a while."""
    world.gateways[who].lose_power(dice.randrange(1, 3 * HOUR))


def torn(world: World, who: str, dice: Random) -> None:
    """Take the gateway's power away during a write."""
    if world.gateways[who].agent is not None:
        world.gateways[who].flash.tears = dice


def full(world: World, who: str, dice: Random) -> None:
    """Fill the gateway's disk for a while."""
    flash = world.gateways[who].flash
    flash.full = True

    def freed() -> None:
        flash.full = False

    world.at(world.now + dice.choice((10 * MINUTE, 2 * HOUR)), freed)


def die(world: World, _who: str, dice: Random) -> None:
    """End a head-end process."""
    world.headend.die(dice.randrange(1, 20 * MINUTE))


def refuse(world: World, _who: str, dice: Random) -> None:
    """Let the database refuse for a while."""
    world.database.refuses = True
    world.at(world.now + dice.randrange(1, 2 * HOUR), world.database_accepts)


def race(world: World, _who: str, dice: Random) -> None:
    """Let a second worker race the first for a while."""
    world.headend.racing_until = world.now + dice.randrange(HOUR)


def silence(world: World, who: str, dice: Random) -> None:
    """Let a meter be silent for minutes or for days. Sometimes the first answer after it is an error that the time
    since would allow.
    """
    meter = world.meters[who]
    lasts = dice.randrange(dice.choice((10 * MINUTE, HOUR, 3 * HOUR, 3 * HOUR, 2 * DAY)))
    meter.silent_since, meter.silent_until = world.now, world.now + lasts
    meter.hears = dice.random() < 0.5
    world.wake(who)
    if lasts > 2 * HOUR and dice.random() < 0.7:
        meter.error = meter.register() + 2 * FUSE + dice.randrange(FUSE * lasts // HOUR)


def deaf(world: World, who: str, dice: Random) -> None:
    """Let a switch disobey for a while, and say so."""
    world.meters[who].deaf_until = world.now + dice.randrange(3 * HOUR)


def deceive(world: World, who: str, dice: Random) -> None:
    """Let a switch disobey for a while, and say that it obeyed."""
    world.meters[who].deceives_until = world.now + dice.randrange(HOUR)


def step(world: World, who: str, dice: Random) -> None:
    """Let the clock jump by seconds or by a year. Later it is set right."""
    gateway = world.gateways[who]
    by = dice.choice((-1, 1)) * dice.choice((30 * SECOND, 90 * SECOND, 10 * MINUTE, 2 * HOUR, DAY, 365 * DAY))
    gateway.set_clock(gateway.clocks.wall(world.now) + by)
    world.at(world.now + dice.randrange(DAY), partial(_right, world, who))


def _right(world: World, who: str) -> None:
    world.gateways[who].set_clock(world.now)


def battery(world: World, who: str, dice: Random) -> None:
    """Take the power away. Then the clock shows 1970, the instant of the loss or another wrong time until it is set."""
    gateway, off, went = world.gateways[who], dice.randrange(1, dice.choice((HOUR, 12 * HOUR))), world.now
    wrong = dice.choice((-world.now, -off, HOUR, -HOUR, 10 * MINUTE, 365 * DAY, -3 * DAY))
    if gateway.agent is None:
        return
    gateway.battery = lambda now: max(now + wrong, 0) if wrong != -off else went
    gateway.lose_power(off)
    world.at(world.now + off + dice.randrange(2 * HOUR), partial(_right, world, who))


def crash(world: World, who: str, dice: Random) -> None:
    """End the gateway's program."""
    gateway = world.gateways[who]
    gateway.end()
    world.at(world.now + dice.randrange(1, MINUTE), gateway.power_on)


def blink(world: World, who: str, dice: Random) -> None:
    """Let a register be wrong once, for less than a minute or for longer: nothing, all bits, far ahead, far behind."""
    meter = world.meters[who]
    if world.now - meter.lie_until < 6 * HOUR or world.now < meter.jitter_until:
        return
    shows = meter.register()
    lies = [0, 2**31 - 1, (2**32 - 1) * 10, 2**63 - 1, shows + _far(world, who) + dice.randrange(10**9), -1]
    if shows > 2 * FAR and not meter.end:
        lies.append(shows - FAR)
    else:
        # A little less can't be told from a meter that ran backwards, nor nothing from a counter that rolled over.
        lies.remove(0)
    meter.lie, meter.lie_until = (
        dice.choice(lies),
        world.now + dice.choice((SECOND, 40 * SECOND, 20 * MINUTE, 20 * MINUTE, 3 * HOUR)),
    )
    world.wake(who)


def _far(world: World, who: str) -> int:
    """Return by how many Wh a register must be ahead so that nobody can take it for energy that has flowed."""
    return FAR if world.oracle.books[who].supply.settings.power_highest == FUSE else FAR_UNTOLD


def reset(world: World, who: str, dice: Random) -> None:
    """Set a register for good: to nothing, or far away."""
    meter = world.meters[who]
    meter.settle(world.now)
    shows = meter.register()
    nothing = shows > 2 * FAR and dice.random() < 0.5
    far = (shows + meter.end // 2) % meter.end if meter.end else shows % (10 * FAR) + _far(world, who)
    meter.falls_to(world.now, 0 if nothing and not meter.end else far)


def still(world: World, who: str, dice: Random) -> None:
    """Let a register stand still for a while."""
    world.meters[who].settle(world.now)
    world.meters[who].still_until = world.now + dice.randrange(DAY)


def backwards(world: World, who: str, dice: Random) -> None:
    """Let a register run backwards for a while."""
    world.meters[who].settle(world.now)
    world.meters[who].lied_at = world.now
    world.meters[who].backwards_until = world.now + dice.randrange(dice.choice((12 * HOUR, 12 * HOUR, 2 * DAY)))


def jitter(world: World, who: str, dice: Random) -> None:
    """Let the last digit of a register jitter for a while."""
    world.meters[who].jitter_until = world.now + dice.randrange(DAY)


# -- copies -------------------------------------------------------------------------------------------------------------


def setback(world: World, who: str, dice: Random) -> None:
    """Put back the gateway's file of ten minutes, some hours or a day ago."""
    gateway = world.gateways[who]
    copied = gateway.flash.copy()
    world.later(world.now + dice.choice((10 * MINUTE, 5 * HOUR, DAY)), partial(_put_back, world, who, copied))


def _put_back(world: World, who: str, copied: Copy) -> None:
    gateway = world.gateways[who]
    world.tell(who, "its journal is put back from a copy")
    gateway.end()
    # Its clock's anchor is as old as the copy: a machine that has lost its file has been off for all it knows.
    gateway.boots_anew()
    gateway.flash.put_back(copied)
    gateway.line.lost()
    for name in gateway.meters:
        gateway.rewritten(name)
    people.keys_are(world, gateway)
    world.at(world.now + MINUTE, gateway.power_on)


def unsynced(world: World, who: str, dice: Random) -> None:
    """Let the gateway boot without the entries of the last minutes, which the flash said that it had."""
    copied = world.gateways[who].flash.copy()
    world.later(
        world.now + dice.randrange(1, dice.choice((10 * SECOND, 20 * MINUTE))), partial(_put_back, world, who, copied)
    )


def rot(world: World, who: str, dice: Random) -> None:
    """Take the gateway's power away, and change bits in its file."""
    gateway = world.gateways[who]
    gateway.flash.rots = dice
    gateway.lose_power(dice.randrange(1, HOUR))


def replace(world: World, who: str, dice: Random, kept_out: int = 0) -> None:
    """Put another gateway in this one's place, with a key of its own and the states that the server gives it. For
    `kept_out` µs another gateway of its name goes on and is not believed.
    """
    gateway, database = world.gateways[who], world.database
    clone.one_is_left(world, who, kept_out)
    gateway.end()
    gateway.boots_anew()
    gateway.key, database.gateways[who].key = pair(world.swarm.real_keys, dice.randbytes(32))
    database.gateways[who].stamp, database.gateways[who].sessions = (0, 0), ()
    world.oracle.spoken.pop(who, None)
    gateway.flash.forget()
    people.keys_are(world, gateway)
    for name in gateway.meters:
        stored = database.meters[name]
        stored.told_command, stored.told_seq = stored.taken, stored.seq
        gateway.flash.replace(name, stored.seq, stored.head, database.account(name).dump())
        world.oracle.adopted(gateway, name, stored.seq)
    gateway.line.lost()
    world.at(world.now + dice.randrange(HOUR), gateway.power_on)


def restore(world: World, _who: str, dice: Random) -> None:
    """Put back the database of some hours ago."""
    copied, gateways = world.database.copy(), deepcopy(world.database.gateways)
    world.later(world.now + dice.choice((HOUR, 5 * HOUR, DAY)), partial(_restored, world, copied, gateways, dice))


def _restored(world: World, copied: dict[str, Stored], gateways: dict[str, Enrolled], dice: Random) -> None:
    world.tell("all", "the database is put back from a copy")
    for name in world.gateways:
        # Of two journals neither may reach back to it: one of the two is stopped first.
        clone.one_is_left(world, name)
    headend, database = world.headend, world.database
    headend.die(MINUTE)
    for row in gateways.values():
        # A gateway that was enrolled since is enrolled again.
        row.key = database.gateways[next(name for name, each in gateways.items() if each is row)].key
    for name, stored in database.meters.items():
        world.oracle.forgotten |= {id(order) for order in stored.log} - {id(order) for order in copied[name].log}
    database.put_back(world.now, copied, gateways)
    world.oracle.spoken.clear()
    for gateway in world.all_gateways():
        gateway.line.drop()
    for name, stored in database.meters.items():
        ask(world, name)
        _reconcile_soon(world, name, stored, dice)


def _reconcile_soon(world: World, name: str, stored: Stored, dice: Random) -> None:
    """Let somebody compare a meter's books with the provider's file, within the next hour or so."""
    for known in sorted(world.money[name].keys() - stored.booked):
        # What the provider's file has, and the books don't.
        when = world.now + 10 * MINUTE + dice.randrange(HOUR)
        order = world.money[name][known]
        if isinstance(order, GrantCredit) and known in world.oracle.books[name].ids and dice.random() < 0.5:
            # Somebody does not wait for the journals: it is at the meter already.
            world.at(world.now + dice.randrange(HOUR), partial(_order_again, world, name, order))
            continue
        world.at(when, partial(_reconcile, world, name, known, world.oracle.books[name].seq))


def ask(world: World, name: str) -> None:
    """Ask somebody to let the books go on, if no journal reaches back to what the head-end has."""
    if world.database.meters[name].seq < world.gateway_of(name).flash.begins_after(name):
        world.at(world.now + 10 * MINUTE, partial(_go_on, world, name))


def _go_on(world: World, name: str) -> None:
    """Let the books go on from the meter's figures, once the gateway has told them, because no journal reaches back to
    the copy.
    """
    database, gateway = world.database, world.gateway_of(name)
    flash, stored, beyond = gateway.flash, database.meters[name], database.beyond.pop(name, None)
    base = flash.begins_after(name)
    if stored.seq >= base:
        return
    if gateway.twin is not None:
        # Nobody lets them go on from figures of two: one of the two is stopped first.
        clone.one_is_left(world, gateway.name)
        beyond = None
    if beyond is None or beyond.account.seq < base:
        world.at(world.now + 10 * MINUTE, partial(_go_on, world, name))
        return
    world.tell(name, f"the books go on from the meter's entry {beyond.account.seq}")
    base = flash.bases[name]
    held = [*world.oracle.begun(gateway, name), *flash.written(name, base + 1, beyond.account.seq)]
    dropped = database.go_on(name, beyond, held, {known: amount for known, (_, amount) in world.paid.items()})
    world.oracle.forgotten |= {id(order) for order in dropped}
    world.headend.look()


def _order_again(world: World, name: str, order: GrantCredit) -> None:
    """Enter a payment that is missing in the books. It gets a code of its own."""
    known = order.credit_id
    if known not in world.database.meters[name].booked:
        people.book(world, name, known)
        if order.tid is not None:
            order = msgspec.structs.replace(order, tid=people.new_code(world, name, Code(known, order.coded)))
            world.money[name][known] = order
        people.order(world, name, order)


def _reconcile(world: World, name: str, known: str, seq: int) -> None:
    """Compare the provider's file with the books, once the meter's journal is there again."""
    stored, order = world.database.meters[name], world.money[name][known]
    if stored.seq < min(seq, world.oracle.books[name].seq):
        world.at(world.now + 10 * MINUTE, partial(_reconcile, world, name, known, seq))
        return
    if known in stored.booked:
        return
    people.book(world, name, known)
    if known not in stored.unlogged and f"code {getattr(order, 'tid', None)}" not in stored.unlogged:
        world.oracle.forgotten.discard(id(order))
        people.order(world, name, order)


HANDLERS: dict[str, Callable[[World, str, Random], None]] = {
    "cut": cut,
    "power": power,
    "torn": torn,
    "full": full,
    "die": die,
    "refuse": refuse,
    "race": race,
    "silence": silence,
    "deaf": deaf,
    "step": step,
    "battery": battery,
    "crash": crash,
    "deceive": deceive,
    "blink": blink,
    "reset": reset,
    "still": still,
    "backwards": backwards,
    "jitter": jitter,
    "setback": setback,
    "unsynced": unsynced,
    "rot": rot,
    "replace": replace,
    "restore": restore,
}
