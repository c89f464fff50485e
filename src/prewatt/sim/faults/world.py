"""One seed's world: its parts, its time, and its story from the first minute to the last comparison."""

from __future__ import annotations

import gc
import heapq
from collections.abc import Callable, Collection, Iterable
from functools import partial
from random import Random
from typing import NoReturn

from ...edge.key_state import KeyState
from ...kernel.entries import AnyEntry, Debit, GrantCredit
from ...kernel.units import DAY, HOUR, MINUTE
from . import clone, exchanges, grid, operator, people, rules, trouble
from .database import Database, Enrolled
from .facts import Code
from .gateway import Gateway
from .headend import HeadEnd
from .keys import meter_key, pair
from .meters import Meter
from .oracle import Broken, Oracle
from .swarm import KINDS, Happening, Swarm, draw, script

HEAL = 3 * HOUR
"""How long (µs) everything works at the end, before the final comparison."""
CIRCLE = 5000
"""More steps than this in a minute mean that something is done again and again."""
HANDLERS = {
    kind: handler
    for each in (people, rules, trouble, exchanges, clone, operator, grid)
    for kind, handler in each.HANDLERS.items()
}


class World:
    """One run. `only` are the names of the happenings that happen, of all that the seed draws; None: all of them.
    `without` are kinds that do not happen.
    """

    def __init__(
        self,
        seed: int,
        days: int = 7,
        meters: int = 3,
        only: Collection[str] | None = None,
        without: Iterable[str] = (),
        swarm: Swarm | None = None,
    ) -> None:
        self.seed, self.days = seed, days
        self.swarm = swarm or draw(seed, without)
        self.only = only
        self.remembers = any(kind in self.swarm.means for kind in ("setback", "replace", "unsynced", "rot", "clone"))
        """Whether a journal may be replaced by an older or another one."""
        self.now = self.swarm.begin
        self.end = self.now + days * DAY
        self.steps = 0
        self.happening = ""
        """The name of what happens now."""
        self.lossy = True
        """Whether the network is as bad as the swarm says."""
        self.closing = False
        """At the very end nothing new begins."""
        self.timeline: list[tuple[int, str, AnyEntry | str]] | None = None
        """The story, if anybody wants to read it."""
        self.chance = Random(f"{seed}/chance")
        self.server_key, self.server_public = pair(self.swarm.real_keys, self.chance.randbytes(32))
        names = [f"m{number}" for number in range(1, meters + 1)]
        self.numbers = {name: number for number, name in enumerate(names, 1)}
        self.meters = {name: Meter(self.now, Random(f"{seed}/{name}")) for name in names}
        self.keys = {
            name: meter_key(number, Random(f"{seed}/key/{name}").randbytes(20)) for name, number in self.numbers.items()
        }
        self._first_keys = dict(self.keys)
        self.changing: dict[str, list[people.Sections]] = {}
        """Keys whose codes are typed now, one key after another, by meter."""
        self.sections: dict[str, list[people.Sections]] = {name: [] for name in names}
        """The codes of each key that a meter was given."""
        self.paid: dict[str, tuple[str, int]] = {}
        self.money: dict[str, dict[str, GrantCredit | Debit]] = {name: {} for name in names}
        self.codes: dict[tuple[str, int], Code] = {}
        self.typed = 0
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._count = 0
        self._looked_at = 0
        self._gateway_of: dict[str, Gateway] = {}
        self.gateways: dict[str, Gateway] = {}
        self.twins: list[Gateway] = []
        """Gateways that run with a copy of another gateway's card."""
        enrolled = {}
        count = min(self.swarm.gateways, meters)
        for number in range(count):
            name, mine = f"g{number + 1}", names[number::count]
            key, public = pair(self.swarm.real_keys, self.chance.randbytes(32))
            self.gateways[name] = Gateway(self, name, mine, key)
            self._gateway_of.update(dict.fromkeys(mine, self.gateways[name]))
            enrolled[name] = Enrolled(public, frozenset(mine))
        self.database = Database(self.server_key, enrolled)
        self.headend = HeadEnd(self, self.database, self.server_key)
        self.oracle = Oracle(self)

    def gateway_of(self, meter: str) -> Gateway:
        """Return the gateway of a meter."""
        return self._gateway_of[meter]

    def named(self, gateway: str) -> list[Gateway]:
        """Return the gateways of this name: two while a copy of its card runs too. Raises KeyError if there is none."""
        return [self.gateways[gateway], *(each for each in self.twins if each.name == gateway)]

    def takes_place(self, twin: Gateway) -> None:
        """Put another gateway in the place of the one with its name."""
        self.gateways[twin.name] = twin
        self._gateway_of.update(dict.fromkeys(twin.meters, twin))
        self.oracle.books.update(twin.books)
        twin.books = self.oracle.books

    def all_gateways(self) -> list[Gateway]:
        """Return all gateways that run, or will run."""
        return [*self.gateways.values(), *self.twins]

    def wake(self, meter: str) -> None:
        """Let a meter's gateways plan again, because it may answer earlier, or in another way, than they expect."""
        for gateway in self.named(self._gateway_of[meter].name):
            gateway.wake(meter)

    def contested(self, meter: str) -> bool:
        """Return whether two gateways move a meter's switch."""
        twin = self._gateway_of[meter].twin
        return twin is not None and not twin.far

    def first_keys(self, meters: Iterable[str]) -> dict[str, KeyState]:
        """Return the keys that meters were installed with."""
        return {name: self._first_keys[name] for name in meters}

    def key_changing(self, meter: str) -> bool:
        """Return whether a key change has begun and is not finished."""
        return meter in self.changing

    def broken_gateway(self, gateway: Gateway) -> None:
        """Let somebody enrol a gateway again whose journal can't be read."""
        self.tell(gateway.name, "its journal can't be read")
        clone.one_is_left(self, gateway.name)
        trouble.replace(self, gateway.name, Random(f"{self.seed}/anew/{gateway.name}/{self.now}"))

    def ask(self, meter: str) -> None:
        """Ask somebody, because a meter's journal may no longer reach back to what the head-end has."""
        trouble.ask(self, meter)

    def database_accepts(self) -> None:
        """Let the database work again."""
        self.database.refuses = False
        for gateway in self.all_gateways():
            gateway.line.lost()

    # -- time --------------------------------------------------------------------------------------------------------

    def at(self, when: int, action: Callable[[], object]) -> None:
        """Do something at an instant."""
        self._count += 1
        heapq.heappush(self._queue, (max(when, self.now), self._count, action))

    def later(self, when: int, action: Callable[[], object]) -> None:
        """Let somebody do something at an instant, if the story has not ended by then."""
        if when < self.end:
            self.at(when, action)

    def run(self) -> World:
        """Run the whole story. Raises Broken if something does not hold at any step, or if the code itself fails."""
        collecting = gc.isenabled()
        # A week leaves little in circles: that is collected after it.
        gc.disable()
        try:
            self._tell_story()
        except Broken:
            raise
        except Exception as error:
            self.broken(f"the code itself failed: {type(error).__name__}: {error}")
        finally:
            for gateway in self.all_gateways():
                gateway.flash.close()
            if collecting:
                gc.enable()
        return self

    def _tell_story(self) -> None:
        for name in self.meters:
            self.happening = f"first.{name}"
            rules.move_in(self, name, Random(f"{self.seed}/first/{name}"))
        for gateway in self.gateways.values():
            gateway.power_on()
        for happening in script(self.swarm, self.days, self.meters, self.gateways):
            if self.only is None or happening.name in self.only:
                self.at(happening.at, partial(self._happen, happening))
        self.oracle.look()
        self._run_until(self.end)
        self._heal()
        self._run_until(self.end + HEAL)
        self.closing = True
        self._run_until(self.end + HEAL + 5 * MINUTE)
        self.oracle.final()

    def _run_until(self, end: int) -> None:
        queue = self._queue
        while queue and queue[0][0] <= end:
            self.now, _, action = heapq.heappop(queue)
            self.steps += 1
            if self.steps % CIRCLE == 0:
                if self.now - self._looked_at < MINUTE:
                    self.broken("time stands still: something is done again and again")
                self._looked_at = self.now
            action()
        self.now = end

    def _happen(self, happening: Happening) -> None:
        self.tell(happening.who, KINDS[happening.kind].words)
        dice = Random(f"{self.seed}/{happening.name}")
        self.happening = happening.name
        HANDLERS[happening.kind](self, happening.who, dice)

    def _heal(self) -> None:
        self.tell("all", "everything works from here on")
        self.lossy = False
        for name in self.gateways:
            clone.one_is_left(self, name)
        self.headend.racing_until = 0
        self.headend.start()
        self.database_accepts()
        for meter in self.meters.values():
            meter.heal(self.now)
        for gateway in self.gateways.values():
            gateway.heal()

    # -- what is told ------------------------------------------------------------------------------------------------

    def tell(self, who: str, what: AnyEntry | str) -> None:
        """Note an entry or a sentence about `who`, if anybody wants to read the story."""
        if self.timeline is not None:
            self.timeline.append((self.now, who, what))

    def replay(self) -> str:
        """Return the command that shows this run again."""
        command = f"prewatt sim --seed {self.seed} --days {self.days} --meters {len(self.meters)}"
        if self.swarm.everything:
            command += " --everything"
        if self.swarm.without:
            command += f" --without {','.join(sorted(self.swarm.without))}"
        if self.only is not None:
            command += f" --only {','.join(sorted(self.only)) or 'nothing'}"
        return command

    def broken(self, what: str) -> NoReturn:
        """Raise Broken."""
        hours = (self.now - self.swarm.begin) / HOUR
        place = f"(seed {self.seed}, step {self.steps}, hour {hours:.2f}). Replay: {self.replay()}"
        raise Broken(what, place)
