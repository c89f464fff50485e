"""The agent's process: connects the rules to the journal, the meters, the clock and the broker."""

from __future__ import annotations

import logging
import random
import signal
import sqlite3
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ..clock import Clock, CorrectedClock, SharedClock, SystemClock
from ..kernel.calendar import zone
from ..kernel.recovery import JournalDamaged
from ..kernel.supply import Action
from ..kernel.units import SECOND
from ..wire import topics
from ..wire.link import Call, Connected, Disconnected, Link, LinkEvent
from ..wire.messages import MAX_UPLOAD, Span, Upload
from ..wire.signing import SigningKey, VerifyKey, seal
from .agent import (
    ANCHOR,
    Agent,
    Commit,
    Effect,
    Keep,
    MoveSwitch,
    ReadMeters,
    Refuse,
    SendStatus,
    SendUpload,
    Told,
)
from .codes import KeyState, load_key
from .drivers import AnotherMeter, DriverError, Identity, MeterDriver
from .drivers.recorded import RecordedMeter, RecordingError, load_recordings
from .front import Front
from .guard import Tries
from .journal import Journal
from .meter import Foreign, Meter, MeterPolicy, Observed
from .page import serve_page
from .settings import EdgeSettings, SettingsError, load_settings, page_address
from .site import Desk
from .sync import Piece, SyncPolicy
from .texts import _
from .timekeeping import Anchor, Moment, Timekeeper, load_anchor

log = logging.getLogger("prewatt.edge")

KEYPAD_EVERY = 1.0
"""Seconds between looks at the meters' keypads."""
CLOCK = "clock"
"""Under this name the journal's file keeps by how much the machine's clock is wrong, µs."""


def read_pieces(
    read: Callable[[str, int, int], Sequence[bytes]], pieces: Sequence[Piece]
) -> tuple[tuple[Span, ...], tuple[int, ...]]:
    """The entries of an upload, read from the journal, as far as one message holds; the head-end asks for what had to
    be left out.
    """
    spans: list[Span] = []
    late: list[int] = []
    room = MAX_UPLOAD
    for piece in pieces:
        bodies: list[bytes] = []
        for body in read(piece.meter, piece.first, piece.last):
            room -= len(body)
            if room < 0 and (bodies or spans):
                break
            bodies.append(body)
        if bodies:
            spans.append(Span(piece.meter, piece.first, tuple(bodies)))
            late.append(min(piece.late, len(bodies)))
        if room < 0:
            break
    return tuple(spans), tuple(late)


def make_drivers(settings: EdgeSettings, clock: Clock) -> dict[str, MeterDriver]:
    """The drivers of all meters. SettingsError names a driver or a meter that can't be had."""
    drivers: dict[str, MeterDriver] = {}
    for meter in settings.meters:
        if meter.driver != "recorded":
            raise SettingsError(f"meters.{meter.name}.driver: there is no driver {meter.driver!r}; known: recorded")
    recorded = settings.recorded
    if recorded is None:
        raise SettingsError("recorded: the section is missing, and a meter has this driver")
    try:
        recordings = load_recordings(Path(recorded.file), zone(recorded.zone))
    except (RecordingError, ValueError) as error:
        raise SettingsError(f"recorded: {error}") from None
    Path(recorded.memory).mkdir(parents=True, exist_ok=True)
    for meter in settings.meters:
        if meter.name not in recordings:
            raise SettingsError(f"meters.{meter.name}: {recorded.file} has no such meter")
        drivers[meter.name] = RecordedMeter(
            meter.name, recordings[meter.name], Path(recorded.memory) / f"{meter.name}.json", clock.now
        )
    return drivers


class Shell:
    """Carries out the agent's effects, in their order."""

    def __init__(self, settings: EdgeSettings) -> None:
        inner: Clock = SharedClock(Path(settings.shared_clock)) if settings.shared_clock else SystemClock()
        self._key = SigningKey.load(Path(settings.key))
        self.journal = Journal(Path(settings.journal))
        kept = self.journal.kept(CLOCK)
        self._clock = CorrectedClock(inner, int(kept.get("", b"0")))
        self._drivers = make_drivers(settings, self._clock)
        meters, self._repaired = [], set()
        for meter in settings.meters:
            loaded = self.journal.load(meter.name)
            policy = MeterPolicy(settings.reading_interval * SECOND, settings.poll_shortest * SECOND)
            meters.append(Meter(meter.name, loaded.account, loaded.head, policy))
            if loaded.repaired:
                self._repaired.add(meter.name)
                log.warning("meter %s: a torn last entry was dropped", meter.name)
        sync = SyncPolicy(settings.heartbeat, settings.patience)
        server = VerifyKey(bytes.fromhex(settings.server_key))
        self.agent = Agent(
            settings.gateway, self.journal.epoch, meters, server, sync, self._load_keys(settings), self._load_tries(),
            Timekeeper(inner.boot(), self._load_anchor()),
        )  # fmt: skip
        self._settings = settings
        self._replaced = frozenset(self.journal.adopted())
        self._keypads = [meter.name for meter in settings.meters if meter.keypad]
        self._topic = topics.up(settings.gateway)
        self._link = Link(settings.broker, f"prewatt-{settings.gateway}", [topics.down(settings.gateway)])
        self._first_delay = settings.broker.retry_longest / 3
        self._refused: Counter[str] = Counter()
        self._identified: dict[str, Identity] = {}
        self._running = True

    def _load_keys(self, settings: EdgeSettings) -> dict[str, KeyState]:
        """The keys by which meters read codes: as they were handed over, or as codes have changed them since."""
        keys = {meter.name: meter.token.state() for meter in settings.meters if meter.token is not None}
        return keys | {name: load_key(body) for name, body in self.journal.kept("key").items() if name in keys}

    def _load_tries(self) -> dict[str, dict[str, Tries]]:
        decoder = msgspec.msgpack.Decoder(dict[str, Tries])
        return {name: decoder.decode(body) for name, body in self.journal.kept("tries").items()}

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
        """Serve until stopped."""
        # So that a city's gateways, when its power returns, do not come in the same second.
        self._link.start(random.uniform(0, self._first_delay))
        self._do(self.agent.start(self.moment(), self._repaired, self._replaced))
        next_keypads = 0.0 if self._keypads else float("inf")
        while self._running:
            timer = min(self.agent.next_timer(), next_keypads)
            wait = min(self._clock.until(self.agent.next_due()), max(timer - time.monotonic(), 0.0))
            for event in self._link.drain(wait, 100):
                self._do(self._on_event(event))
            self._do(self.agent.tick(self.moment()))
            if time.monotonic() >= next_keypads:
                next_keypads = time.monotonic() + KEYPAD_EVERY
                self._read_keypads()

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

    def submit_code(self, meter: str, digits: str, way: str) -> Told:
        """A code was typed; it has had its effect when this returns."""
        if meter not in self.agent.meters:
            return Told(False, _("This gateway has no such meter."))
        told, effects = self.agent.submit_code(self.moment(), meter, digits, way)
        self._do(effects)
        return told

    def act(self, meter: str, action: Action, by: str, grant: str, reason: str) -> Told:
        """A person does something; it is done when this returns."""
        if meter not in self.agent.meters:
            return Told(False, _("This gateway has no such meter."))
        told, effects = self.agent.act(self.moment(), meter, action, by, grant, reason)
        self._do(effects)
        return told

    def set_clock(self, at: int, by: str) -> Told:
        """Set the clock; it does not go back behind what is journalled."""
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
                driver = self._identified_driver(name)
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
            case Commit(records):
                accounts = {name: meter.account for name, meter in self.agent.meters.items()}
                self.journal.commit(records, accounts)
            case Keep(name, what, body):
                self.journal.keep(name, what, body)
            case MoveSwitch(name, closed):
                try:
                    self._identified_driver(name).set_switch(closed)
                    log.info("meter %s: %s", name, "supply on" if closed else "supply off")
                except DriverError as error:
                    log.warning("%s", error)
                    return self.agent.on_switch_failed(self.moment(), name, error.cause)
            case SendStatus(status):
                self._link.publish(self._topic, seal(self._key, status))
            case SendUpload(number, pieces):
                spans, late = read_pieces(self.journal.read, pieces)
                self._link.publish(
                    self._topic, seal(self._key, Upload(self.agent.gateway, self.agent.epoch, number, spans, late))
                )
            case Refuse(reason, text):
                self._refused[reason] += 1
                if self._refused[reason] == 1:
                    log.warning("refused a message (%s): %s; more of this kind will only be counted", reason, text)
        return []

    def _read(self, name: str) -> Observed | Foreign | str:
        if self.agent.meters[name].account.doubt is not None:
            # What can't be true may be another meter's.
            self._identified.pop(name, None)
        try:
            driver = self._identified_driver(name)
            register, closed = driver.read_register(), driver.read_switch()
            power = driver.read_power() if self.agent.meters[name].account.watched else None
            tampered = driver.read_tampered()
            end = self._identified[name].register_end
            if power is None:
                return Observed(register, closed, tampered=tampered, end=end)
            return Observed(register, closed, power.active, power.reactive, tampered, end)
        except AnotherMeter as other:
            return Foreign(other.serial)
        except DriverError as error:
            # Whoever answers next may be another one: a meter is changed while it is silent.
            self._identified.pop(name, None)
            return error.cause

    def _identified_driver(self, name: str) -> MeterDriver:
        """The driver of a meter that has said that it is this one. DriverError if it can't be asked, or is another."""
        driver = self._drivers[name]
        known, expected = self._identified.get(name), self.agent.meters[name].serial
        if known is None or known.serial != expected:
            found = driver.identify()
            if found.serial != expected:
                self._identified.pop(name, None)
                raise AnotherMeter(name, found.serial)
            self._identified[name] = found
        return driver


def run(path: Path) -> int:
    """The command `prewatt edge run`: 0 when told to stop, 1 if the journal can't be written, 2 for a wrong setting, 3
    for a damaged journal.
    """
    try:
        settings = load_settings(path)
        shell = Shell(settings)
    except (SettingsError, DriverError, BlockingIOError, ValueError) as error:
        print(f"prewatt edge: {error}", file=sys.stderr)
        return 2
    except JournalDamaged as error:
        print(
            f"prewatt edge: {error}. Nothing was changed. Keep the file and restore the journal from a copy.",
            file=sys.stderr,
        )
        return 3
    signal.signal(signal.SIGTERM, lambda *_: shell.stop())
    signal.signal(signal.SIGINT, lambda *_: shell.stop())
    try:
        shell.open_doors()
    except (OSError, ValueError) as error:
        # Who stands before a closed door still has the lights on: the meters come first.
        log.error("%s", error)
    try:
        shell.run()
    except sqlite3.Error as error:
        # The rules in memory are ahead of the journal now: only a new start from the journal is right.
        print(
            f"prewatt edge: {settings.journal}: can't be written ({error}). Meters stay as they are; see to the disk "
            "and start again.",
            file=sys.stderr,
        )
        return 1
    finally:
        shell.close()
    return 0
