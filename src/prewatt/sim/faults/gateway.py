"""One gateway: the product's rules on a virtual machine with its flash, clocks, bus and line. It does what `edge.shell`
does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...edge.drivers.interface import Unreachable
from ...edge.effects import Adopt, Commit, Effect, Keep, MoveSwitch, ReadMeters, SendStatus, SendUpload
from ...edge.journal import Loaded
from ...edge.key_state import KeyState, load_key
from ...edge.memory import EPOCH, Memory, load_timekeeper, load_tries
from ...edge.meter import Foreign, Meter, MeterPolicy, Observed
from ...edge.sync import SyncPolicy
from ...edge.timekeeping import Moment
from ...edge.uploads import read_pieces
from ...kernel.entries import Record
from ...kernel.quantities import Quantity
from ...kernel.recovery import JournalDamaged
from ...kernel.units import MINUTE, SECOND
from ...wire.messages import MeterState
from ...wire.signing import SigningKey, seal
from . import people
from .clock import Clocks
from .disk import Disk
from .flash import DiskFull, Dropped, Flash
from .leaping import LeapingGuard, RestingAgent, Rests
from .network import Line

if TYPE_CHECKING:
    from .book import Book
    from .world import World

PATIENCE = 30.0
NEVER = 2**40
"""Seconds. A timer at this time or later is not set."""
RESTART = 20 * MINUTE
"""The time (µs) from an end of the program by an error until somebody starts it again."""


class Gateway:
    """One gateway, with the meters named `meters`.

    `up_since` is when the program started, and `clock_set` when the clock was last set. `battery` is what the clock
    shows after a boot, if not what it showed before. `guessed` says when wrong codes were last typed at a meter, and
    `typed` when any code was.
    """

    def __init__(
        self, world: World, name: str, meters: Sequence[str], key: SigningKey, flash: Flash | None = None
    ) -> None:
        self._world = world
        self.name = name
        self.meters = list(meters)
        self.key = key
        self.flash = flash or (Disk if world.swarm.real_disk else Flash)(meters, world.swarm.snapshot_every)
        self.clocks = Clocks(world.now, world.swarm.drift)
        self.line = Line(world, self)
        self.agent: RestingAgent | None = None
        self.up_since = 0
        self.clock_set = 0
        self.boots = 0
        self._boots_anew = False
        self.booted_wrong = False
        self.anew: set[str] = set()
        """Meters whose journals are damaged, and whose states the head-end has not given yet."""
        self.battery: Callable[[int], int] | None = None
        self.guessed: dict[str, int] = {}
        self.typed: dict[str, int] = {}
        self.books: dict[str, Book] = {}
        """By meter, the oracle's books of what is journalled here."""
        self.twin: Gateway | None = None
        """Another gateway with the same name and key, while both run."""
        self.gone = False
        """It never runs again."""
        self.far = False
        """None of its meters is on its bus."""
        self.starts = 0
        self._tick_at = -1
        self._rests = Rests(world, self)

    def moment(self) -> Moment:
        """Return what its clocks show now."""
        return self.clocks.moment(self._world.now)

    # -- power -------------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Give the machine power, and start the program with the content of the flash."""
        if self.agent is not None or self.gone:
            return
        flash, world = self.flash, self._world
        if self._boots_anew:
            self._boots_anew = False
            self.booted_wrong = self.booted_wrong or abs(self.clocks.error(world.now)) > MINUTE
        try:
            flash.open()
            self._settle_after_rot()
        except (JournalDamaged, ValueError):
            # It says so, and how to go on: with a new code for the gateway.
            world.broken_gateway(self)
            return
        policy = MeterPolicy(world.swarm.reading_interval, MINUTE)
        meters, repaired = [], set()
        for name in self.meters:
            loaded = self._load(name)
            meter = Meter(name, loaded.account, loaded.head, policy)
            meter.guard = LeapingGuard(world, world.meters[name])
            meters.append(meter)
            if loaded.repaired:
                repaired.add(name)
        memory = Memory(self.known_keys(), load_tries(flash.kept))
        sync = SyncPolicy(heartbeat=world.swarm.heartbeat / SECOND, patience=PATIENCE)
        time = load_timekeeper(flash.kept, f"boot {self.boots}")
        session = world.chance.randbytes(8)
        self.agent = RestingAgent(self.name, flash.epoch, meters, world.server_public, sync, memory, time, session)
        if world.gateways[self.name] is self:
            self._check_keys(self.agent)
        self.up_since = world.now
        self.starts += 1
        self._tick_at = -1
        self.do(self.agent.start(self.moment(), repaired))
        self.line.connect_soon()

    def known_keys(self) -> dict[str, KeyState]:
        """Return the keys with which it reads codes."""
        return {**self._world.first_keys(self.meters), **_load_keys(self.flash)}

    def _settle_after_rot(self) -> None:
        flash = self.flash
        if not isinstance(flash, Disk) or not flash.damaged:
            return
        for name in self.meters:
            if flash.settle(name):
                self.anew.add(name)
                self._world.tell(name, f"its journal is damaged, and goes to entry {flash.end(name)}")
                self.rewritten(name)
            self._world.ask(name)
        # It may have lost what it knew of the time.
        self.booted_wrong = True
        people.keys_are(self._world, self)

    def rewritten(self, name: str) -> None:
        """Note that a meter's journal here is another one than before."""
        begun, base = self._world.oracle.begun(self, name), self.flash.bases[name]
        self._world.oracle.rewritten(self, name, [*begun, *self.flash.written(name, base + 1, self.flash.end(name))])

    def time(self) -> int:
        """Return the instant that the gateway believes; the true one while it is off."""
        return self.agent.now(self.moment()) if self.agent is not None else self._world.now

    def end(self) -> None:
        """End the program at this point."""
        self.agent = None
        self.line.connected = False
        self.flash.tears = None

    def lose_power(self, rest: int) -> None:
        """Take the gateway's power away for `rest` µs. The apartments keep theirs."""
        self.end()
        self._world.at(self._world.now + rest, self._boot)

    def _boot(self) -> None:
        if self.agent is None:
            now = self._world.now
            self.clocks.boot(now, self.battery(now) if self.battery else self.clocks.wall(now))
            self.boots_anew()
            self.power_on()

    def boots_anew(self) -> None:
        """Forget what it knew of the time, because the machine boots."""
        self.boots += 1
        self._boots_anew = True

    def heal(self) -> None:
        """Mend power, disk, clock and line."""
        self.flash.full, self.flash.tears = False, None
        self.set_clock(self._world.now)
        self.line.mend()
        self.line.drop()
        self.line.calm_since = self._world.now
        self.power_on()
        self.line.connect_soon()

    # -- time --------------------------------------------------------------------------------------------------------

    def set_clock(self, wall: int) -> None:
        """Set the time of day."""
        self.clocks.set_wall(self._world.now, wall)
        self.clock_set = self._world.now
        self.arm()

    def arm(self) -> None:
        """Wake the agent when something is due."""
        agent = self.agent
        if agent is None or self._world.closing:
            return
        timer, due = agent.next_timer(), self._rests.next_due(agent)
        if timer < NEVER:
            due = min(due, self.clocks.when_steady(int(timer * SECOND) + 1))
        due = max(due, self._world.now)
        if due != self._tick_at:
            self._tick_at = due
            self._world.at(due, partial(self._tick, agent, due))

    def _tick(self, agent: RestingAgent, due: int) -> None:
        # A later plan may have overtaken this one.
        if self.agent is agent and self._tick_at == due:
            self._tick_at = -1
            self.do(agent.tick(self.moment()))

    def wake(self, name: str) -> None:
        """Plan again, because something about a meter has changed since the world skipped readings of it."""
        agent = self.agent
        if agent is not None and agent.meters[name].account.settings.limits:
            agent.look_by(name, self.moment().steady + self._world.chance.randrange(MINUTE))
        self.arm()

    # -- effects -----------------------------------------------------------------------------------------------------

    def do(self, effects: Sequence[Effect]) -> None:
        """Carry out the agent's effects in their order."""
        if effects:
            self._do_all(effects)
        self.arm()

    def _do_all(self, effects: Sequence[Effect]) -> None:
        agent = self.agent
        waiting = deque(effects)
        try:
            while waiting and agent is not None and self.agent is agent:
                waiting.extend(self._do_one(agent, waiting.popleft()))
        except DiskFull:
            # The rules in memory are ahead of the journal now.
            self.end()
            self._world.at(self._world.now + RESTART, self.power_on)
        except JournalDamaged:
            self._world.broken_gateway(self)

    def _do_one(self, agent: RestingAgent, effect: Effect) -> list[Effect]:
        match effect:
            case ReadMeters(names):
                seen = {name: self._read(agent, name) for name in names}
                effects = agent.on_observed(self.moment(), seen)
                self._world.oracle.observed(self, names)
                self._world.oracle.events.observed(self, seen, effects)
                self._rests.seen(agent, seen, effects)
                return effects
            case Commit(records):
                self._commit(agent, records)
            case Keep(name, what, body):
                self.flash.keep(name, what, body)
                if what == EPOCH:
                    self.flash.epoch = int(body)
            case Adopt(states):
                self._adopt(states)
            case MoveSwitch(name, closed):
                return self._move_switch(agent, name, closed)
            case SendStatus(status):
                self.line.send_up(seal(self.key, status))
            case SendUpload(number, pieces):
                read = read_pieces(self.flash.read, pieces, self.flash.hash_at)
                upload = agent.outbox.upload(number, read, self.flash.holds)
                self.line.send_up(seal(self.key, upload))
        return []

    def _commit(self, agent: RestingAgent, records: list[tuple[str, Record]]) -> None:
        accounts = {name: meter.account for name, meter in agent.meters.items()}
        done = self.flash.commit(records, accounts)
        self._world.oracle.durable(self, done, len(done) == len(records))
        if len(done) < len(records):
            self.lose_power(self._world.chance.randrange(1, 3 * 60 * MINUTE))

    def tells_as(self, name: str) -> str:
        """Return the name of a meter in the story of this gateway."""
        return name if self._world.gateway_of(name) is self else f"{name}'"

    def hears_nothing(self, name: str) -> bool:
        """Return whether a meter does not answer this gateway."""
        return self.far or self._world.meters[name].silent(self._world.now)

    def _read(self, agent: RestingAgent, name: str) -> Observed | Foreign | str:
        meter, now = self._world.meters[name], self._world.now
        if self.hears_nothing(name):
            return "no answer"
        if agent.meters[name].serial != (meter.serial or name):
            return Foreign(meter.serial or name)
        register = meter.read(now)
        account = agent.meters[name].account
        power = meter.power if account.watched else None
        reactive = 0 if power is not None else None
        volts = {Quantity.VOLTAGE_L1: meter.read_volts()} if account.settings.limits else {}
        return Observed(register, meter.closed, power, reactive, meter.tampered, meter.end, quantities=volts)

    def _check_keys(self, agent: RestingAgent) -> None:
        """Check that the program knows each meter's key, also one that codes have changed."""
        for name in self.meters:
            if not self._world.key_changing(name) and agent.codes.keys[name].key != self._world.keys[name].key:
                self._world.broken(f"meter {name}: its new key is forgotten")

    def _load(self, name: str) -> Loaded:
        try:
            return self.flash.load(name)
        except Dropped as dropped:
            self._world.broken(str(dropped))

    def _adopt(self, states: Sequence[MeterState]) -> None:
        for state in states:
            self.flash.replace(state.meter, state.seq, state.head, state.account)
            self._world.oracle.adopted(self, state.meter, state.seq)

    def _move_switch(self, agent: RestingAgent, name: str, closed: bool) -> list[Effect]:
        meter, now = self._world.meters[name], self._world.now
        meter.settle(now)
        foreign = agent.meters[name].serial != (meter.serial or name)
        if self.far or (meter.silent(now) and not meter.hears) or meter.deaf_until > now or foreign:
            return agent.on_switch(self.moment(), name, closed, Unreachable(name, "set switch", "no answer"))
        self._world.oracle.moves(self, name, closed)
        if meter.deceives_until <= now:
            meter.switch(now, closed)
        self._world.oracle.look_at_switch(name)
        return agent.on_switch(self.moment(), name, closed, None)


def _load_keys(flash: Flash) -> dict[str, KeyState]:
    return {name: load_key(body) for name, body in flash.kept("key").items()}
