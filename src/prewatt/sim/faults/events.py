"""This module checks that a journal's events are true, and that everything that happens to a meter is journalled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...edge.effects import Commit, Effect
from ...edge.meter import Foreign, Observed
from ...kernel.entries import Event, decode_entry
from ...kernel.safety import Limit
from ...kernel.units import DAY, HOUR, MINUTE, SECOND
from .grid import is_passed
from .meters import FUSE
from .supply import TRIP

if TYPE_CHECKING:
    from .book import Book
    from .facts import Since
    from .gateway import Gateway
    from .meters import Meter
    from .world import World

TOLD_AFTER = {"register-doubtful": HOUR, "register-backwards": DAY}
"""How long a register is wrong until somebody is told."""
DRIFT = MINUTE
"""By how much two clocks differ after a day."""
STEP_WITHIN = 2 * MINUTE
"""A load that appears between two looks that lie further apart is no sudden one."""
RIGHT_FOR = 15 * MINUTE
"""How long (µs) a voltage that is often wrong must be right before the supply returns."""


class Drawn(NamedTuple):
    """A meter's load and switch when they were looked at."""

    power: int
    limit: int
    tripped_at: int
    last_order: bool | None


class Last(NamedTuple):
    """What a process saw of a meter last: when (by its own time), in which start of the gateway, its power (None if it
    was not asked, or if the switch was not on), and its cover.
    """

    at: int
    start: int
    power: int | None
    tampered: bool

    def is_step(self, now: int, power: int, step: int) -> bool:
        """Return whether the power (W) has risen suddenly by `step` W or more. It never has if `step` is 0."""
        if not step or self.power is None or abs(now - self.at) >= STEP_WITHIN - SECOND:
            return False
        return power - self.power >= step


class Said(NamedTuple):
    """An event that was just journalled, and the true state at that instant (`now`, by the true time)."""

    entry: Event
    gateway: Gateway
    book: Book
    meter: Meter
    now: int

    @property
    def is_unheard(self) -> bool:
        """Return whether the gateway hears nothing of the meter."""
        return self.gateway.hears_nothing(self.book.name)

    @property
    def is_foreign(self) -> bool:
        """Return whether another meter hangs in the place of the right one."""
        return self.meter.serial != self.book.serial

    def lasts(self, since: Since) -> bool:
        """Return whether a wrong register has lasted as long as it must until somebody is told."""
        longest = max(self.entry.at - since.at, self.now - since.true + DRIFT)
        return since.at > 0 and longest >= TOLD_AFTER[self.entry.code]


def _is_back(said: Said) -> bool:
    was_gone = said.book.lost or said.book.supply.foreign_since > 0
    return was_gone and not said.is_unheard and not said.is_foreign


def _did_not_switch(said: Said) -> bool:
    return said.is_unheard or said.meter.deaf_until > said.now or said.is_foreign


def _is_named(said: Said) -> bool:
    return said.is_foreign and said.entry.detail == (said.meter.serial or said.book.name)


def _differs(said: Said) -> bool:
    return said.meter.closed != said.book.supply.last_order


def _has_jumped(said: Said) -> bool:
    return abs(said.gateway.clocks.wall(said.now) - said.gateway.time()) > MINUTE


def _was_typed_now(said: Said) -> bool:
    return said.gateway.typed.get(said.book.name) == said.now


def _is_doubted(said: Said) -> bool:
    return said.lasts(said.book.doubted_since)


def _runs_backwards(said: Said) -> bool:
    return said.lasts(said.book.back_since)


def _is_at_night(said: Said) -> bool:
    supply = said.book.supply
    return any(supply.is_limited_by_night(at) for at in (said.entry.at, said.gateway.time()))


def _passes_limit(said: Said) -> bool:
    code = said.entry.code.removesuffix(TRIP)
    return any(is_passed(each, said.meter.volts) for each in said.book.supply.settings.limits if each.code == code)


def _keeps_limit(said: Said) -> bool:
    limits = [each for each in said.book.supply.settings.limits if each.code == said.entry.detail]
    return not any(is_passed(each, said.meter.volts) for each in limits)


TRUE: Mapping[str, Callable[[Said], bool]] = {
    "tamper": lambda said: said.meter.tampered,
    "low-credit": lambda said: bool(said.book.to_warn()),
    "meter-lost": lambda said: said.is_unheard,
    "meter-back": _is_back,
    "foreign-meter": _is_named,
    "switch-differs": _differs,
    "switch-failed": _did_not_switch,
    "clock-stepped": _has_jumped,
    "codes-locked": _was_typed_now,
    "register-doubtful": _is_doubted,
    "register-backwards": _runs_backwards,
    "allowance-spent": _is_at_night,
    **{kind + end: _passes_limit for kind in ("over-voltage", "under-voltage") for end in ("", TRIP)},
    "within-limits": _keeps_limit,
}
"""When an event is true, by its code. The other events can't be checked by what is seen."""


class Events:
    """A watcher of the events of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._drawn: dict[str, tuple[int, Drawn]] = {}
        self._last: dict[tuple[Gateway, str], Last] = {}
        self._set_back: set[tuple[Gateway, str]] = set()
        self._held: dict[tuple[str, str], tuple[int, tuple[object, ...]]] = {}

    def said(self, gateway: Gateway, book: Book, entry: Event) -> None:
        """Check that an event is true. It was just written to the flash for the first time, and the book does not have
        it yet.
        """
        if entry.code == "journal-set-back":
            is_true = (gateway, book.name) in self._set_back
            self._set_back.discard((gateway, book.name))
        else:
            said = Said(entry, gateway, book, self._world.meters[book.name], self._world.now)
            is_true = entry.code not in TRUE or TRUE[entry.code](said)
        if not is_true:
            book.wrong(entry, f"says {entry.code!r}, and it is not so")

    def set_back(self, gateway: Gateway, name: str) -> None:
        """Note that a gateway goes on from the head-end's state. It must journal that, and looks at everything again."""
        self._set_back.add((gateway, name))
        self._last.pop((gateway, name), None)

    # -- what must be said -------------------------------------------------------------------------------------------

    def observed(
        self, gateway: Gateway, seen: Mapping[str, Observed | Foreign | str], effects: Sequence[Effect]
    ) -> None:
        """Check that a look at meters leads to the events that it must. `effects` are what the gateway does after it."""
        for name, each in seen.items():
            if isinstance(each, Observed):
                self._observed(gateway, name, each, effects)

    def _observed(self, gateway: Gateway, name: str, seen: Observed, effects: Sequence[Effect]) -> None:
        expected = self._expected(gateway, name, seen)
        if expected and (lacking := expected - _journalled(name, effects)):
            self._world.broken(f"meter {name}: {min(lacking)} is not in its journal")

    def _expected(self, gateway: Gateway, name: str, seen: Observed) -> set[str]:
        """Return the events that a look at a meter must put into its journal, and remember the look."""
        book, last, now = gateway.books[name], self._last_in_this_start(gateway, name), gateway.time()
        power = seen.power if seen.closed and book.supply.last_order is not False else None
        self._last[gateway, name] = Last(now, gateway.starts, power, seen.tampered)
        expected = {"tamper"} if seen.tampered and not (last and last.tampered) else set()
        if last is not None and power is not None and last.is_step(now, power, book.supply.settings.power.step):
            expected.add("forbidden-load")
        return expected

    def look(self, gateway: Gateway, name: str, told_within: int) -> None:
        """Check from time to time that everything that has lasted for long is journalled. `told_within`: µs between two
        looks at a meter.
        """
        self._look_at_limit(gateway, name)
        self._look_at_night(gateway, name)
        for limit in self._world.oracle.books[name].supply.settings.limits:
            self._look_at_voltage(gateway, name, limit)
        world, book, meter = self._world, self._world.oracle.books[name], self._world.meters[name]
        now = world.now
        if gateway.agent is None or not book.seq or gateway.twin is not None:
            return
        if now - gateway.up_since <= told_within:
            return
        self._look_at_answers(name, told_within)
        answers = now - meter.silent_until > told_within
        if book.at <= gateway.time() and answers and meter.serial == book.serial:
            self._look_at_register(gateway, name, told_within)

    def _look_at_answers(self, name: str, told_within: int) -> None:
        """Check that the journal says that a meter is silent, or that another one hangs there, if that has lasted for
        long.
        """
        world, book, meter = self._world, self._world.oracle.books[name], self._world.meters[name]
        now = world.now
        silent = meter.silent(now) and now - meter.silent_since > told_within
        if silent and not book.lost and meter.serial == book.serial:
            world.broken(f"meter {name}: does not answer for long, and its journal does not say so")
        foreign = meter.serial != book.serial and now - max(meter.hung_at, meter.silent_until) > told_within
        if foreign and not book.supply.foreign_since and now - book.changed_at > told_within:
            world.broken(f"meter {name}: another one hangs there for long, and its journal does not say so")

    def _look_at_register(self, gateway: Gateway, name: str, told_within: int) -> None:
        """Check that the journal says that a register is doubted or runs backwards, if that has lasted for long."""
        world, book, now = self._world, self._world.oracle.books[name], self._world.now
        for code, since in (("register-doubtful", book.doubted_since), ("register-backwards", book.back_since)):
            # An instant of before the clock was set tells nothing: then what this process has seen of it counts.
            lasts_by_clock = book.at - since.at if book.clock_at < since.true else 0
            lasts = max(lasts_by_clock, now - max(since.true, gateway.up_since, book.changed_at))
            if since.at and lasts > TOLD_AFTER[code] + told_within and code not in book.reported_codes:
                world.broken(f"meter {name}: {code} is not told of, after {lasts // MINUTE} minutes")

    def _last_in_this_start(self, gateway: Gateway, name: str) -> Last | None:
        last = self._last.get((gateway, name))
        return last if last is not None and last.start == gateway.starts else None

    def _look_at_limit(self, gateway: Gateway, name: str) -> None:
        """Check that a meter that draws more than is allowed for long is tripped."""
        world, book, meter = self._world, self._world.oracle.books[name], self._world.meters[name]
        now, supply = world.now, book.supply
        meter.settle(now)
        limit = supply.limit_at(max(gateway.time(), book.at)) if supply.is_limited else 0
        if not limit:
            self._drawn.pop(name, None)
            return
        drawn = Drawn(meter.power, limit, supply.tripped_at, supply.last_order)
        since, before = self._drawn.get(name, (now, drawn))
        if (
            before != drawn
            or drawn.power <= drawn.limit
            or supply.last_order is False
            or not self._can_trip(gateway, name)
        ):
            since = now
        self._drawn[name] = (since, drawn)
        began = max(since, meter.answers_since(now), gateway.up_since, book.changed_at, meter.power_since)
        if now - began > supply.settings.power.delay * SECOND + 4 * MINUTE:
            world.broken(f"meter {name}: {drawn.power} W are drawn for long where the limit is {drawn.limit} W")

    def _look_at_night(self, gateway: Gateway, name: str) -> None:
        """Check that off hours end the supply soon after what is allowed in them is used."""
        world, book, meter = self._world, self._world.oracle.books[name], self._world.meters[name]
        if not book.supply.settings.off_hours.energy:
            return
        left, night = book.supply.night_left(gateway.time()), book.supply.night_at(gateway.time())
        began = max(meter.answers_since(world.now), gateway.up_since, book.changed_at, book.lessened_at)
        in_it = night is not None and book.read_at >= night[0] and world.now - began > STEP_WITHIN
        if left is None or not in_it or book.doubted_since.at or not meter.closed or not self._can_trip(gateway, name):
            return
        meter.settle(world.now)
        flowed = min(meter.register() - (book.register or 0), book.unread)
        if flowed > left + FUSE * STEP_WITHIN // HOUR and not meter.wayward(world.now - STEP_WITHIN):
            world.broken(f"meter {name}: {flowed} Wh are used in off hours where {left} Wh are left")

    def _look_at_voltage(self, gateway: Gateway, name: str, limit: Limit) -> None:
        """Check that a limit of the voltage that is passed for long opens the switch, and that the supply returns when
        the voltage has been right for long.
        """
        world, book, meter = self._world, self._world.oracle.books[name], self._world.meters[name]
        supply, now = book.supply, world.now
        holds, passed = limit.code in supply.unsafe | supply.locks, is_passed(limit, meter.volts)
        facts = (limit, holds, passed, limit.code in supply.unsafe, supply.last_order)
        since, before = self._held.get((name, limit.code), (now, facts))
        since = since if before == facts and self._can_trip(gateway, name) else now
        self._held[name, limit.code] = (since, facts)
        began = max(since, meter.answers_since(now), gateway.up_since, book.changed_at, meter.volts_since)
        may_draw = limit.trip and not holds and supply.last_order is not False
        if may_draw and passed and now - began > limit.delay * SECOND + 4 * MINUTE:
            world.broken(f"meter {name}: {meter.volts} mV for long where the limit is {limit.threshold} mV")
        wait = max(supply.settings.power.reclose_after * SECOND, RIGHT_FOR) + 4 * MINUTE
        if limit.code in supply.unsafe and not passed and now - began > wait:
            world.broken(f"meter {name}: kept off for its voltage, which has been right for long")

    def _can_trip(self, gateway: Gateway, name: str) -> bool:
        """Return whether a gateway sees its meter and knows the hour, so that it can hold a limit."""
        world, book, meter = self._world, self._world.oracle.books[name], self._world.meters[name]
        if meter.silent(world.now) or meter.serial != book.serial or gateway.agent is None or world.contested(name):
            return False
        return book.at <= gateway.time()


def _journalled(name: str, effects: Sequence[Effect]) -> set[str]:
    """Return the codes of the events that effects put into a meter's journal."""
    commits = [record for effect in effects if isinstance(effect, Commit) for record in effect.records]
    return {getattr(decode_entry(record.body), "code", "") for meter, record in commits if meter == name}
