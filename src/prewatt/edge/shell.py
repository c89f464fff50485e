"""The agent's process: connects the rules to the journal, the meters, the clock and the broker."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from .. import folder
from ..clock import Clock, CorrectedClock, SharedClock, SystemClock
from ..kernel.account import Account
from ..kernel.entries import genesis
from ..kernel.recovery import JournalDamaged
from ..kernel.supply import Action
from ..kernel.units import DAY, SECOND
from ..wire import topics
from ..wire.link import Call, Connected, Disconnected, Link, LinkEvent
from ..wire.messages import MAX_UPLOAD, Span, Upload
from ..wire.signing import SigningKey, VerifyKey, seal
from .agent import ANCHOR, USUAL, Agent
from .allowance import Usual, load_usual
from .codes import KeyState, load_key
from .copies import serve_copies
from .devices import Devices, open_drivers
from .drivers.interface import DriverError, NotSupported
from .effects import (
    Adopt,
    Commit,
    Effect,
    Keep,
    LookAt,
    MoveSwitch,
    ReadMeters,
    Refuse,
    SendLive,
    SendStatus,
    SendUpload,
    SetAllowance,
    Told,
)
from .front import Front
from .guard import Tries
from .journal import Journal, Loaded
from .journal_file import JournalFull, is_damage
from .meter import Meter, MeterPolicy
from .observed import Foreign, Observed
from .page import serve_page
from .reserve import Reserve
from .settings import EdgeSettings, SettingsError, load_settings, page_address
from .site import Desk
from .sync import Piece, SyncPolicy
from .texts import _
from .timekeeping import Anchor, Moment, Timekeeper, load_anchor

log = logging.getLogger("prewatt.edge")

KEYPAD_EVERY = 1.0
"""Seconds between looks at the meters' keypads."""
HOUSEKEEPING_EVERY = 3600.0
"""Seconds between looks at what the journal can do without."""
ROOM_EVERY = 5.0
"""Seconds between looks for room on a disk that is full, and at the reserve."""
SHORT = "short"
"""Under this name it is kept that the disk is full, and this was said."""
ROOM = 1024 * 1024
"""Bytes that must be free before the agent goes on after a full disk."""
MENDED_BY = (
    "have a new gateway code made (prewatt gateway-code NAME), stop the agent, move edge.toml away, and run "
    "'prewatt edge enrol SERVER CODE' in this folder. The meters go on from what the server knows. A copy of the journal is "
    "no way out: what happened since it was made is missing in it"
)
"""What mends a journal that is damaged."""
CLOCK = "clock"
"""Under this name the journal's file keeps by how much the machine's clock is wrong, µs."""


def read_pieces(
    read: Callable[[str, int, int], Sequence[bytes]],
    pieces: Sequence[Piece],
    hash_at: Callable[[str, int], bytes | None] = lambda _meter, _seq: None,
) -> tuple[tuple[Span, ...], tuple[int, ...], dict[str, int]]:
    """The entries of an upload, read from the journal, as far as one message holds; the head-end asks for what had to
    be left out. With them the meters whose entries are not here, and the first of these. `hash_at`: tells the hash of a
    meter's entry, None if it is not here any more.
    """
    spans: list[Span] = []
    lacking: dict[str, int] = {}
    late: list[int] = []
    room = MAX_UPLOAD
    for piece in pieces:
        bodies: list[bytes] = []
        for body in read(piece.meter, piece.first, piece.last):
            room -= len(body)
            if room < 0 and (bodies or spans):
                break
            bodies.append(body)
        if not bodies:
            lacking[piece.meter] = piece.first
        else:
            spans.append(Span(piece.meter, piece.first, tuple(bodies), hash_at(piece.meter, piece.first - 1) or b""))
            late.append(min(piece.late, len(bodies)))
        if room < 0:
            break
    return tuple(spans), tuple(late), lacking


def _no_room() -> str:
    return _(
        "The gateway's disk is full: it can take no code and switch nothing now. The power stays as it is. Keep your code: it "
        "is not lost, and is taken as soon as there is room. The manager has to see to the disk."
    )


class Shell:
    """Carries out the agent's effects, in their order."""

    def __init__(self, settings: EdgeSettings) -> None:
        inner: Clock = SharedClock(Path(settings.shared_clock)) if settings.shared_clock else SystemClock()
        self._key = SigningKey.load(Path(settings.key))
        self._reserve = Reserve(Path(f"{settings.journal}.reserve"))
        self.journal = Journal(Path(settings.journal), self._reserve)
        for each in self.journal.broken:
            log.error("%s: %s", settings.journal, each)
        kept = self.journal.kept(CLOCK)
        self._clock = CorrectedClock(inner, int(kept.get("", b"0")))
        self._devices = Devices(open_drivers(settings, self._clock.now))
        self.set_aside: dict[str, str] = {}
        try:
            self._load_agent(settings)
        except JournalDamaged:
            self.journal.close()
            raise
        self._settings = settings
        self._keypads = [meter.name for meter in settings.meters if meter.keypad]
        self._topic = topics.up(settings.gateway)
        self._link = Link(settings.broker, f"prewatt-{settings.gateway}", [topics.down(settings.gateway)])
        self._first_delay = settings.broker.retry_longest_s / 3
        self._refused: Counter[str] = Counter()
        self._waiting: deque[LinkEvent] = deque()
        self._short = False
        self._running = True

    def _load_agent(self, settings: EdgeSettings) -> None:
        """The rules as the journal has them. A meter whose journal is damaged is set aside until the server has handed over
        how it stands, and all others go on; JournalDamaged if there are no others.
        """
        damaged: dict[str, str] = {}
        loads: dict[str, Loaded] = {}
        for meter in settings.meters:
            try:
                loads[meter.name] = self.journal.load(meter.name)
            except JournalDamaged as error:
                damaged[meter.name] = str(error)
        if not loads:
            raise JournalDamaged("; ".join(damaged.values()))
        for name, why in damaged.items():
            self.set_aside[name] = why
            log.error(
                "%s. The meter is set aside until the server is reached. If that does not help, %s", why, MENDED_BY
            )
            self._begin_anew(name, loads)
        meters, self._repaired = [], set[str]()
        for name, loaded in loads.items():
            policy = MeterPolicy(settings.reading_interval_s * SECOND, settings.poll_shortest_s * SECOND)
            meters.append(Meter(name, loaded.account, loaded.head, policy))
            if loaded.repaired:
                self._repaired.add(name)
                log.warning("meter %s: a damaged snapshot was made anew from the entries", name)
        sync = SyncPolicy(settings.heartbeat_s, settings.patience_s)
        server = VerifyKey(bytes.fromhex(settings.server_key))
        self.agent = Agent(
            settings.gateway, self.journal.epoch, meters, server, sync, self._load_keys(settings), self._load_tries(),
            Timekeeper(self._clock.boot(), self._load_anchor()), os.urandom(8), settings.look_interval_s,
            self._load_usual(),
        )  # fmt: skip
        self._replaced = frozenset(self.journal.adopted() - set(self.set_aside))

    def _begin_anew(self, name: str, loads: dict[str, Loaded]) -> None:
        """What is damaged is put aside, and the meter's journal begins anew: so the server sees that it is behind, and hands
        over the state to go on from. Until then it has no tariff, and its switch is left alone.
        """
        try:
            self.journal.replace(name, 0, genesis(name), Account().dump())
            loads[name] = self.journal.load(name)
        except (JournalDamaged, sqlite3.DatabaseError) as error:
            log.error("meter %s: what is damaged can't be put aside (%s)", name, error)

    def _load_keys(self, settings: EdgeSettings) -> dict[str, KeyState]:
        """The keys by which meters read codes: as they were handed over, or as codes have changed them since."""
        keys = {meter.name: meter.token.state() for meter in settings.meters if meter.token is not None}
        return keys | {name: load_key(body) for name, body in self.journal.kept("key").items() if name in keys}

    def _load_tries(self) -> dict[str, dict[str, Tries]]:
        decoder = msgspec.msgpack.Decoder(dict[str, Tries])
        return {name: decoder.decode(body) for name, body in self.journal.kept("tries").items()}

    def _load_usual(self) -> dict[str, Usual]:
        return {name: load_usual(body) for name, body in self.journal.kept(USUAL).items()}

    def _load_anchor(self) -> Anchor | None:
        kept = self.journal.kept(ANCHOR).get("")
        return load_anchor(kept) if kept is not None else None

    def moment(self) -> Moment:
        return Moment(self._clock.now(), time.monotonic(), self._clock.steady())

    def stop(self) -> None:
        """End the loop after what is at hand."""
        self._running = False

    def close(self) -> None:
        """Let go of broker and journal."""
        self._link.stop()
        self.journal.close()

    def run(self) -> None:
        """Serve until stopped. On a disk without room it waits until there is some, and goes on from the journal."""
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
                self._load_agent(self._settings)

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

    def _look_at_reserve(self) -> bool:
        """Hold the reserve. Whether the disk has become too full for it just now: then it is said, once; and when there is
        room again.
        """
        before, self._short = self._short, not self._reserve.hold()
        if before == self._short:
            return False
        log.warning(
            "the disk is full: the reserve is used up from now on" if self._short else "the reserve is held again"
        )
        # Kept first: what was said is never forgotten.
        self.journal.keep("", SHORT, b"\1" if self._short else b"")
        self._do(self.agent.note(self.moment(), "disk-full" if self._short else "disk-room"))
        return self._short

    def _keep_house(self) -> int:
        """Drop old entries that the server has; on a full disk, however old they are. How many packs."""
        kept_for = 0 if self._short else self._settings.keep_days * DAY
        return self.journal.forget(self.agent.sync.acked, self.agent.now(self.moment()) - kept_for)

    def _wait_for_room(self) -> None:
        """Answer who asks, and look for room now and then, until there is some; then begin anew."""
        while self._running:
            deadline = time.monotonic() + ROOM_EVERY
            while self._running and (wait := deadline - time.monotonic()) > 0:
                while self._waiting:
                    event = self._waiting.popleft()
                    if isinstance(event, Call):
                        event.work()
                self._waiting.extend(self._link.drain(wait, 100))
            if self._reserve.hold() or self._reserve.free() >= ROOM:
                with contextlib.suppress(JournalFull):
                    self.journal.begin()
                    self._load_agent(self._settings)
                    log.info("there is room on the disk again")
                    return

    # -- people on site ----------------------------------------------------------------------------------------------

    def open_doors(self) -> None:
        """Begin to serve the page and Bluetooth, as the settings say. ValueError if a door can't be opened."""
        front = Front(self, Desk(self._link.inbox), {meter.name: meter.unit for meter in self._settings.meters})
        if self._settings.page:
            serve_page(front, self._settings, page_address(self._settings.page))
        if self._settings.bluetooth:
            from .bluetooth import serve_bluetooth

            server = VerifyKey(bytes.fromhex(self._settings.server_key))
            serve_bluetooth(front, self._settings, self._key, server)

    def open_copies(self) -> None:
        """Begin to make copies of the journal for whoever asks. OSError if that can't be."""
        serve_copies(self.journal, Path(self._settings.journal))

    def troubles(self) -> tuple[str, ...]:
        """What everybody at the gateway has to know."""
        found = [_no_room()] if self.journal.full else []
        return (*found, *(self._no_journal(name) for name in self.set_aside))

    def _no_journal(self, meter: str) -> str:
        unit = next((each.unit for each in self._settings.meters if each.name == meter), "") or meter
        return _(
            "%(unit)s: what the gateway has written down about this meter is damaged, so it can take no code for it. The power "
            "stays as it is. Keep your code: it is not lost. All is well again as soon as the gateway reaches its server."
        ) % {"unit": unit}

    def _objection(self, meter: str) -> Told | None:
        """Why nothing can be done for a meter; None if it can."""
        if self.journal.full:
            return Told(False, _no_room())
        if meter in self.set_aside:
            return Told(False, self._no_journal(meter))
        return None if meter in self.agent.meters else Told(False, _("This gateway has no such meter."))

    def submit_code(self, meter: str, digits: str, way: str) -> Told:
        """A code was typed; it has had its effect when this returns."""
        if objection := self._objection(meter):
            return objection
        if self.agent.takes_code(self.moment(), meter, way):
            self.look_at(meter)
        told, effects = self.agent.submit_code(self.moment(), meter, digits, way)
        self._do(effects)
        return told

    def act(self, meter: str, action: Action, by: str, grant: str, reason: str) -> Told:
        """A person does something; it is done when this returns."""
        if objection := self._objection(meter):
            return objection
        told, effects = self.agent.act(self.moment(), meter, action, by, grant, reason)
        self._do(effects)
        return told

    def set_clock(self, at: int, by: str) -> Told:
        """Set the clock; it does not go back behind what is journalled."""
        if self.journal.full:
            return Told(False, _no_room())
        moment = self.moment()
        told, effects = self.agent.set_clock(moment, at, by)
        if told.done:
            self._clock.correction += at - moment.now
            self.journal.keep("", CLOCK, str(self._clock.correction).encode())
        self._do(effects)
        return told

    def _read_keypads(self) -> None:
        for name in self._keypads:
            try:
                driver = self._devices.driver(self.agent.meters[name])
                typed = driver.read_keypad()
                if typed is not None:
                    driver.show(self.submit_code(name, typed, "keypad").text)
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
                return self.agent.on_observed(self.moment(), {name: self._read(name) for name in names})
            case LookAt(name):
                began, seen = time.monotonic(), self._read(name, looked_at=True)
                return self.agent.on_looked(began, self.moment(), name, seen)
            case Commit(records):
                accounts = {name: meter.account for name, meter in self.agent.meters.items()}
                self.journal.commit(records, accounts)
            case Keep(name, what, body):
                self.journal.keep(name, what, body)
            case Adopt(states):
                for state in states:
                    log.warning("meter %s: goes on from the server's entry %d", state.meter, state.seq)
                    self.journal.replace(state.meter, state.seq, state.head, state.account)
                    self.set_aside.pop(state.meter, None)
            case MoveSwitch(name, closed):
                try:
                    self._devices.driver(self.agent.meters[name]).set_switch(closed)
                    log.info("meter %s: %s", name, "supply on" if closed else "supply off")
                except DriverError as error:
                    log.warning("%s", error)
                    return self.agent.on_switch_failed(self.moment(), name, error.cause)
            case SetAllowance(name, energy):
                try:
                    self._devices.driver(self.agent.meters[name]).set_allowance(energy)
                except DriverError as error:
                    log.warning("%s", error)
                    return self.agent.on_allowance_failed(name, keeps=not isinstance(error, NotSupported))
            case SendStatus(status):
                self._link.publish(self._topic, seal(self._key, status))
            case SendLive(live):
                self._link.publish(self._topic, seal(self._key, live))
            case SendUpload(number, pieces):
                spans, late, lacking = read_pieces(self.journal.read, pieces, self.journal.hash_at)
                agent = self.agent
                states = agent.states_instead(lacking, self.journal.holds)
                upload = Upload(agent.gateway, agent.epoch, number, spans, late, agent.session, states)
                self._link.publish(self._topic, seal(self._key, upload))
            case Refuse(reason, text):
                self._refused[reason] += 1
                if self._refused[reason] == 1:
                    log.warning("refused a message (%s): %s; more of this kind will only be counted", reason, text)
        return []

    def look_at(self, meter: str) -> None:
        """Read a meter for somebody who is here, if it was not just read: what is shown is now."""
        if meter in self.agent.meters and self.agent.looking.fresh(time.monotonic(), meter) is None:
            self._do([LookAt(meter)])

    def _read(self, name: str, looked_at: bool = False) -> Observed | Foreign | str:
        meter = self.agent.meters[name]
        return self._devices.read(meter, looked_at or meter.account.watched, self.agent.watches_allowance(name))


def run(path: Path) -> int:
    """The command `prewatt edge run`: 0 when told to stop, 1 if the journal can't be written, 2 for a wrong setting, 3
    for a damaged journal.
    """
    try:
        folder.use(path.parent)
        settings = load_settings(path)
        shell = Shell(settings)
    except JournalDamaged as error:
        return _damaged(error)
    except (SettingsError, DriverError, BlockingIOError, ValueError) as error:
        print(f"prewatt edge: {error}", file=sys.stderr)
        return 2
    except sqlite3.Error as error:
        return _unwritable(settings, error)
    signal.signal(signal.SIGTERM, lambda *_: shell.stop())
    signal.signal(signal.SIGINT, lambda *_: shell.stop())
    for open_door in (shell.open_copies, shell.open_doors):
        try:
            open_door()
        except (OSError, ValueError) as error:
            # Who stands before a closed door still has the lights on: the meters come first.
            log.error("%s", error)
    try:
        shell.run()
    except JournalDamaged as error:
        return _damaged(error)
    except sqlite3.DatabaseError as error:
        # The rules in memory are ahead of the journal now: only a new start from the journal is right.
        return _damaged(f"{settings.journal}: {error}") if is_damage(error) else _unwritable(settings, error)
    finally:
        shell.close()
    return 0


def _damaged(error: Exception | str) -> int:
    print(
        f"prewatt edge: the journal is damaged. {error}. Nothing was changed, and meters stay as they are. To mend it, "
        f"{MENDED_BY}.",
        file=sys.stderr,
    )
    return 3


def _unwritable(settings: EdgeSettings, error: sqlite3.Error) -> int:
    print(
        f"prewatt edge: {settings.journal}: can't be written ({error}). Meters stay as they are; see to the disk and start "
        "again.",
        file=sys.stderr,
    )
    return 1
