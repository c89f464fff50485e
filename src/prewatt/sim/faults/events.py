"""This module checks that a journal's events are true, and that everything that happens to a meter is journalled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...edge.effects import Commit, Effect
from ...edge.meter import Foreign, Observed
from ...kernel.entries import Event, decode_entry
from ...kernel.units import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from .book import Book
    from .gateway import Gateway
    from .world import World

TOLD_AFTER = {"register-doubtful": HOUR, "register-backwards": DAY}
"""How long a register is wrong until somebody is told."""
DRIFT = MINUTE
"""By how much two clocks differ after a day."""
STEP_WITHIN = 2 * MINUTE
"""A load that appears between two looks that lie further apart is no sudden one."""


class Drawn(NamedTuple):
    """A meter's load and switch when they were looked at."""

    power: int
    limit: int
    tripped_at: int
    told: bool | None


class Last(NamedTuple):
    """What a process saw of a meter last: when (by its own time), in which start of the gateway, its power (None if it
    was not asked, or if the switch was not on), and its cover.
    """

    at: int
    start: int
    power: int | None
    tampered: bool


class Events:
    """A watcher of the events of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._drawn: dict[str, tuple[int, Drawn]] = {}
        self._last: dict[tuple[Gateway, str], Last] = {}
        self._set_back: set[tuple[Gateway, str]] = set()

    def said(self, gateway: Gateway, book: Book, entry: Event) -> None:
        """Check that an event is true. It was just written to the flash for the first time, and the book does not have
        it yet.
        """
        meter, now, code = self._world.meters[book.name], self._world.now, entry.code
        foreign = meter.serial != book.serial
        true = True
        match code:
            case "tamper":
                true = meter.tampered
            case "low-credit":
                true = bool(book.to_warn())
            case "meter-lost":
                true = gateway.hears_nothing(book.name)
            case "meter-back":
                true = (
                    not gateway.hears_nothing(book.name)
                    and not foreign
                    and (book.lost or book.supply.foreign_since > 0)
                )
            case "foreign-meter":
                true = foreign and entry.detail == (meter.serial or book.name)
            case "switch-differs":
                true = meter.closed != book.supply.told
            case "switch-failed":
                true = gateway.hears_nothing(book.name) or meter.deaf_until > now or foreign
            case "clock-stepped":
                true = abs(gateway.clocks.wall(now) - gateway.time()) > MINUTE
            case "codes-locked":
                true = gateway.typed.get(book.name) == now
            case "journal-set-back":
                true = (gateway, book.name) in self._set_back
                self._set_back.discard((gateway, book.name))
            case "register-doubtful" | "register-backwards":
                since = book.doubted_since if code == "register-doubtful" else book.back_since
                lasts = max(entry.at - since.at, now - since.true + DRIFT)
                true = since.at > 0 and lasts >= TOLD_AFTER[code]
        if not true:
            book.wrong(entry, f"says {code!r}, and it is not so")

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
        book, last, now = gateway.books[name], self._last.get((gateway, name)), gateway.time()
        if last is not None and last.start != gateway.starts:
            last = None
        power = seen.power if seen.closed and book.supply.told is not False else None
        self._last[gateway, name] = Last(now, gateway.starts, power, seen.tampered)
        expected = {"tamper"} if seen.tampered and not (last and last.tampered) else set()
        step = book.supply.settings.power.step
        before = last.power if last is not None and abs(now - last.at) < STEP_WITHIN - SECOND else None
        if step and power is not None and before is not None and power - before >= step:
            expected.add("forbidden-load")
        return expected

    def look(self, gateway: Gateway, name: str, told_within: int) -> None:
        """Check from time to time that everything that has lasted for long is journalled. `told_within`: µs between two
        looks at a meter.
        """
        self._look_at_limit(gateway, name)
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
            told = book.at - since.at if book.clock_at < since.true else 0
            lasts = max(told, now - max(since.true, gateway.up_since, book.changed_at))
            if since.at and lasts > TOLD_AFTER[code] + told_within and code not in book.told:
                world.broken(f"meter {name}: {code} is not told of, after {lasts // MINUTE} minutes")

    def _look_at_limit(self, gateway: Gateway, name: str) -> None:
        """Check that a meter that draws more than is allowed for long is tripped."""
        world, book, meter = self._world, self._world.oracle.books[name], self._world.meters[name]
        now, supply = world.now, book.supply
        meter.settle(now)
        limit = supply.limit_at(max(gateway.time(), book.at)) if supply.is_limited else 0
        if not limit:
            self._drawn.pop(name, None)
            return
        drawn = Drawn(meter.power, limit, supply.tripped_at, supply.told)
        since, before = self._drawn.get(name, (now, drawn))
        stands = meter.silent(now) or meter.serial != book.serial or gateway.agent is None
        stands = stands or world.contested(name)
        if before != drawn or stands or drawn.power <= drawn.limit or book.at > gateway.time() or supply.told is False:
            since = now
        self._drawn[name] = (since, drawn)
        began = max(since, meter.answers_since(now), gateway.up_since, book.changed_at, meter.power_since)
        if now - began > supply.settings.power.delay * SECOND + 4 * MINUTE:
            world.broken(f"meter {name}: {drawn.power} W are drawn for long where the limit is {drawn.limit} W")


def _journalled(name: str, effects: Sequence[Effect]) -> set[str]:
    """Return the codes of the events that effects put into a meter's journal."""
    commits = [record for effect in effects if isinstance(effect, Commit) for record in effect.records]
    return {getattr(decode_entry(record.body), "code", "") for meter, record in commits if meter == name}
