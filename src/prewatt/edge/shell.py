"""The agent's loop connects the rules to the journal, the meters, the clock and the broker."""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..clock import Clock, CorrectedClock, SharedClock, SystemClock
from ..kernel.events import EventKind
from ..kernel.orders import Action
from ..kernel.recovery import JournalDamaged
from ..kernel.units import DAY, SECOND
from ..wire import topics
from ..wire.link import Call, Connected, Disconnected, Link, LinkEvent
from ..wire.messages import MeterState, Upward
from ..wire.on_site import OnSiteError, SignedRevocations
from ..wire.signing import SigningKey, seal
from .devices import Devices, Question, open_drivers
from .drivers.interface import DriverError, MeterDriver
from .effects import (
    Adopt,
    Commit,
    Effect,
    Keep,
    LookAt,
    MoveSwitch,
    ReadMeters,
    Refuse,
    Reply,
    SendLive,
    SendStatus,
    SendUpload,
    SetAllowance,
)
from .journal import Journal
from .journal_file import JournalFull
from .loading import load_agent, trust_clock
from .meter_work import MeterWork, Seen
from .replies import supplied
from .reserve import Reserve
from .seen_switches import PATIENCE, SeenSwitches
from .service_manager import ServiceManager
from .settings import EdgeSettings
from .texts import _
from .timekeeping import Moment
from .uploads import read_pieces

log = logging.getLogger("prewatt.edge")

KEYPAD_EVERY = 1.0
"""Seconds between looks at the meters' keypads."""
HOUSEKEEPING_EVERY = 3600.0
"""Seconds between looks for old entries that the journal can drop."""
ROOM_EVERY = 5.0
"""Seconds between looks for room on a disk that is full, and at the reserve."""
SHORT = "short"
"""The name under which the gateway stores that the disk is full and that this was journalled."""
ROOM = 1024 * 1024
"""Bytes that must be free before the agent goes on after a full disk."""
CLOCK = "clock"
"""The name under which the journal's file stores by how much the machine's clock is wrong, µs."""


def _no_room() -> str:
    return _(
        "The gateway's disk is full, so it can't accept codes or switch now. The power stays as it is. Keep your "
        "code. It is not lost, and is accepted as soon as there is room. The manager has to make room on the disk."
    )


class Shell:
    """The shell carries out the agent's effects, in their order. `manager` hears that the loop turns."""

    def __init__(self, settings: EdgeSettings, manager: ServiceManager | None = None) -> None:
        self._manager = manager or ServiceManager({})
        inner: Clock = SharedClock(Path(settings.shared_clock)) if settings.shared_clock else SystemClock()
        self.key = SigningKey.load(Path(settings.key))
        self._reserve = Reserve(Path(f"{settings.journal}.reserve"))
        self.journal = Journal(Path(settings.journal), self._reserve)
        for each in self.journal.broken:
            log.error("%s: %s", settings.journal, each)
        kept = self.journal.kept(CLOCK)
        self._clock = CorrectedClock(inner, int(kept.get("", b"0")))
        if settings.shared_clock:
            trust_clock(self.journal, self._clock)
        self.devices = Devices(open_drivers(settings, self._clock.now), lambda: self._clock.steady() / SECOND)
        self._settings = settings
        self.set_aside: dict[str, str] = {}
        try:
            self._load_agent()
        except JournalDamaged:
            self.journal.close()
            raise
        self._keypads = [meter.name for meter in settings.meters if meter.keypad]
        self._topic = topics.up(settings.gateway)
        self._link = Link(settings.broker, f"prewatt-{settings.gateway}", [topics.down(settings.gateway)])
        self._first_delay = settings.broker.retry_longest_s / 3
        self._refused: Counter[str] = Counter()
        self._waiting: deque[LinkEvent] = deque()
        self._short = False
        self._running = True
        # On an accelerated clock time waits for people: a reading that shows it would never come meanwhile.
        self.seen_switches = SeenSwitches(0.0 if settings.shared_clock else PATIENCE)
        self._meters = MeterWork(self.devices, self._question, self, self._post, in_step=bool(settings.shared_clock))

    def _load_agent(self) -> None:
        """Load the agent from the journal. Raises JournalDamaged if no meter's journal can be read."""
        self.agent, self._repaired, self._replaced = load_agent(
            self._settings, self.journal, self._clock.boot(), self.set_aside
        )

    @property
    def inbox(self) -> queue.Queue[LinkEvent]:
        """Return the queue on which the loop waits. To have work done in its thread, put a `Call` there."""
        return self._link.inbox

    @property
    def drivers(self) -> Mapping[str, MeterDriver]:
        """Return the drivers of all meters, by the meter's name."""
        return self.devices.drivers

    def moment(self) -> Moment:
        """Return a reading of all clocks."""
        return Moment(self._clock.now(), time.monotonic(), self._clock.steady())

    def stop(self) -> None:
        """End the loop after the present work."""
        self._running = False

    def close(self) -> None:
        """Close the connections to the broker and the journal."""
        self._manager.ending()
        self._meters.close()
        self._link.stop()
        self.journal.close()

    def run(self) -> None:
        """Serve until stopped. If the disk has no room, wait until it has some, and continue from the journal."""
        # So that a city's gateways, when its power returns, do not come in the same second.
        self._link.start(random.uniform(0, self._first_delay))
        while self._running:
            try:
                if self.journal.full:
                    self._wait_for_room()
                else:
                    self._serve()
            except JournalFull as error:
                log.error(
                    "%s. No code is taken and no switch moves until there is room; meters stay as they are", error
                )
                # The rules in memory are ahead of the journal now.
                self._load_agent()

    def _serve(self) -> None:
        self._do(self.agent.start(self.moment(), self._repaired, self._replaced))
        if self._link.connected:
            self._do(self.agent.on_connected(self.moment()))
        next_keypads = 0.0 if self._keypads else float("inf")
        next_room, next_housekeeping = 0.0, HOUSEKEEPING_EVERY + time.monotonic()
        self._short = bool(self.journal.kept(SHORT).get(""))
        while self._running:
            timer = min(self.agent.next_timer(), next_keypads, next_room, next_housekeeping)
            wait = min(self._clock.until(self.agent.next_due()), max(timer - time.monotonic(), 0.0))
            self._waiting.extend(self._link.drain(wait, 100))
            while self._waiting:
                self._do(self._on_event(self._waiting.popleft()))
            self._do(self.agent.tick(self.moment()))
            if time.monotonic() >= next_keypads:
                next_keypads = time.monotonic() + KEYPAD_EVERY
                self._read_keypads()
            if time.monotonic() >= next_room:
                next_room = time.monotonic() + ROOM_EVERY
                if self._look_at_reserve():
                    next_housekeeping = 0.0
            if time.monotonic() >= next_housekeeping:
                more = self._keep_house()
                next_housekeeping = time.monotonic() + (0.0 if more else HOUSEKEEPING_EVERY)
            self._manager.turned(self._status)

    def _status(self) -> str:
        """Return how it stands, in one line for who looks after this machine."""
        if self.journal.full:
            return "the disk is full: no code is taken and no switch moves"
        silent = [name for name, meter in self.agent.meters.items() if meter.lost]
        parts = ["online" if self._link.connected else "the server is not reached"]
        parts += [f"{len(self.agent.meters) - len(silent)} of {len(self.agent.meters)} meters answer"]
        return "; ".join([*parts, *([f"silent: {', '.join(silent[:5])}"] if silent else [])])

    def _look_at_reserve(self) -> bool:
        """Hold the reserve. Returns whether the disk has just become too full for it. That, and its end, is journalled
        once.
        """
        before, self._short = self._short, not self._reserve.hold()
        if before == self._short:
            return False
        log.warning(
            "the disk is full: the reserve is used up from now on" if self._short else "the reserve is held again"
        )
        # Kept first: what was said is never forgotten.
        self.journal.keep("", SHORT, b"\1" if self._short else b"")
        self._do(self.agent.note(self.moment(), EventKind.DISK_FULL if self._short else EventKind.DISK_ROOM))
        return self._short

    def _keep_house(self) -> int:
        """Drop old entries that the server has; on a full disk, also recent ones. Returns the number of packs."""
        kept_for = 0 if self._short else self._settings.keep_days * DAY
        return self.journal.forget(self.agent.sync.acked, self.agent.now(self.moment()) - kept_for)

    def _wait_for_room(self) -> None:
        """Answer calls and check for room until there is some; then load the agent again."""
        while self._running:
            self._manager.turned(self._status)
            deadline = time.monotonic() + ROOM_EVERY
            while self._running and (wait := deadline - time.monotonic()) > 0:
                self._answer_calls()
                self._waiting.extend(self._link.drain(wait, 100))
            if self._reserve.hold() or self._reserve.free() >= ROOM:
                with contextlib.suppress(JournalFull):
                    self.journal.begin()
                    self._load_agent()
                    log.info("there is room on the disk again")
                    return

    def _answer_calls(self) -> None:
        """Do what people on site ask for. Without an agent, messages of the server are dropped: it sends them again."""
        while self._waiting:
            event = self._waiting.popleft()
            if isinstance(event, Call):
                event.work()

    # -- people on site ----------------------------------------------------------------------------------------------

    def troubles(self) -> tuple[str, ...]:
        """Return what everybody at the gateway must know."""
        troubles = [_no_room()] if self.journal.full else []
        return (*troubles, *(self._no_journal(name) for name in self.set_aside), *self.devices.troubles())

    def _no_journal(self, meter: str) -> str:
        unit = next((each.unit for each in self._settings.meters if each.name == meter), "") or meter
        return _(
            "%(unit)s: the gateway's records of this meter are damaged, so it can't accept codes for it. The power "
            "stays as it is. Keep your code. It is not lost. The gateway repairs the records as soon as it reaches "
            "its server."
        ) % {"unit": unit}

    def _objection(self, meter: str) -> Reply | None:
        """Return the reason why nothing can be done for a meter; None if it can."""
        if self.journal.full:
            return Reply(False, _no_room())
        if meter in self.set_aside:
            return Reply(False, self._no_journal(meter))
        return None if meter in self.agent.meters else Reply(False, _("This gateway has no such meter."))

    def submit_code(self, meter: str, digits: str, way: str) -> Reply:
        """Use a typed code, and return the answer. The code has had its effect when this returns."""
        if objection := self._objection(meter):
            return objection
        if self.agent.codes.takes(self.moment(), meter, way):
            self.look_at(meter)
        reply, effects = self.agent.submit_code(self.moment(), meter, digits, way)
        self._do(effects)
        return reply

    def act(self, meter: str, action: Action, by: str, grant: str, reason: str) -> Reply:
        """Do what a person orders, and return the answer. The order is done when this returns."""
        if objection := self._objection(meter):
            return objection
        reply, effects = self.agent.act(self.moment(), meter, action, by, grant, reason)
        self._do(effects)
        return reply

    def with_supply(self, meter: str, reply: Reply) -> Reply:
        """Return the answer to a person. If it gave the switch an order, it also says how far that order is."""
        if not reply.switches or meter not in self.agent.meters:
            return reply
        switched = self.agent.meters[meter]
        return Reply(reply.done, f"{reply.text} {supplied(switched.account.closed, switched.switching.progress)}")

    def set_clock(self, at: int, by: str) -> Reply:
        """Set the clock (µs), and return the answer. The clock does not go back behind the journal's last instant."""
        if self.journal.full:
            return Reply(False, _no_room())
        moment = self.moment()
        reply, effects = self.agent.set_clock(moment, at, by)
        if reply.done:
            self._clock.correction += at - moment.now
            self.journal.keep("", CLOCK, str(self._clock.correction).encode())
        self._do(effects)
        return reply

    def take_revocations(self, signed: SignedRevocations) -> None:
        """Take up a list of revoked grants that a phone brings. Raises OnSiteError if the server did not sign it for this
        property, or if the disk is full.
        """
        if self.journal.full:
            raise OnSiteError(_no_room())
        self._do(self.agent.take_revocations(self.moment(), signed))

    def _read_keypads(self) -> None:
        for name in self._keypads:
            try:
                driver = self.devices.driver(name, self.agent.meters[name].serial)
                typed = driver.read_keypad()
                if typed is not None:
                    reply = self.submit_code(name, typed, "keypad")
                    driver.show(self.with_supply(name, reply).text)
            except DriverError as error:
                log.warning("%s", error)

    def _on_event(self, event: LinkEvent) -> list[Effect]:
        if isinstance(event, Connected):
            log.info("connected to the broker")
            return self.agent.on_connected(self.moment())
        if isinstance(event, Call):
            event.work()
            return []
        if isinstance(event, Disconnected):
            log.info("disconnected: %s", event.reason)
            self.agent.on_disconnected()
            return []
        return self.agent.on_frame(self.moment(), event.payload)

    def _do(self, effects: Sequence[Effect]) -> None:
        waiting = deque(effects)
        while waiting:
            waiting.extend(self._do_one(waiting.popleft()))

    def _do_one(self, effect: Effect) -> list[Effect]:
        match effect:
            case ReadMeters(names):
                return self._meters.read(names)
            case LookAt(name):
                return self._meters.look(name)
            case Commit(records):
                accounts = {name: meter.account for name, meter in self.agent.meters.items()}
                self.journal.commit(records, accounts)
            case Keep(name, what, body):
                self.journal.keep(name, what, body)
            case Adopt(states):
                self._adopt(states)
            case MoveSwitch(name, closed):
                self.seen_switches.begin(name)
                return self._meters.move_switch(name, closed)
            case SetAllowance(name, energy):
                return self._meters.set_allowance(name, energy)
            case SendStatus(message) | SendLive(message):
                self._publish(message)
            case SendUpload(number, pieces):
                read = read_pieces(self.journal.read, pieces, self.journal.hash_at)
                self._publish(self.agent.outbox.upload(number, read, self.journal.holds))
            case Refuse(reason, text):
                self._refused[reason] += 1
                if self._refused[reason] == 1:
                    log.warning("refused a message (%s): %s; more of this kind will only be counted", reason, text)
        return []

    def _adopt(self, states: Sequence[MeterState]) -> None:
        for state in states:
            log.warning("meter %s: goes on from the server's entry %d", state.meter, state.seq)
            self.journal.replace(state.meter, state.seq, state.head, state.account)
            self.set_aside.pop(state.meter, None)

    def _publish(self, message: Upward) -> None:
        self._link.publish(self._topic, seal(self.key, message))

    # -- meters ------------------------------------------------------------------------------------------------------

    def look_at(self, meter: str) -> None:
        """Read a meter for a person on site, unless it was just read, so that the page shows the present."""
        known = meter in self.agent.meters and self.devices.is_asked(meter)
        if known and self.agent.looking.fresh(time.monotonic(), meter) is None:
            self._do(self._meters.look_now(meter))

    def _question(self, name: str, looked_at: bool) -> Question:
        meter = self.agent.meters[name]
        account = meter.account
        return Question(
            name,
            meter.serial,
            doubtful=account.doubt is not None,
            power=looked_at or account.watched,
            quantities=bool(account.settings.limits),
            allowance=self.agent.watches_allowance(name),
        )

    def _post(self, work: Callable[[], list[Effect]]) -> None:
        """Have work of another thread done in the agent's, and what follows from it."""
        self.inbox.put(Call(lambda: self._do(work())))

    def on_read(self, seen: Mapping[str, Seen]) -> list[Effect]:
        """Take up what was read of meters."""
        effects = self.agent.on_observed(self.moment(), seen)
        effects += self.agent.see_lines(self.moment(), self.devices.lines_in_trouble())
        self.seen_switches.look(seen, self.agent.meters)
        return effects

    def on_looked(self, name: str, began: float, seen: Seen) -> list[Effect]:
        """Take up a look at a meter that began at `began` (s)."""
        effects = self.agent.on_looked(began, self.moment(), name, seen)
        return effects + self.agent.see_lines(self.moment(), self.devices.lines_in_trouble())

    def on_switch(self, name: str, closed: bool, error: DriverError | None) -> list[Effect]:
        """Take up what a meter answered to an order to its load switch."""
        if error is not None:
            log.warning("%s", error)
        else:
            log.info("meter %s: %s", name, "supply on" if closed else "supply off")
        effects = self.agent.on_switch(self.moment(), name, closed, error)
        self.seen_switches.look([name], self.agent.meters)
        return effects

    def on_allowance_failed(self, name: str, keeps: bool) -> list[Effect]:
        """Take up that a meter did not accept its allowance."""
        return self.agent.on_allowance_failed(name, keeps)
