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

from ..clock import Clock, SharedClock, SystemClock
from ..kernel.calendar import zone
from ..kernel.entries import JournalDamaged
from ..kernel.units import SECOND
from ..wire import topics
from ..wire.link import Connected, Disconnected, Link, LinkEvent
from ..wire.messages import MAX_UPLOAD, Span, Upload
from ..wire.signing import SigningKey, VerifyKey, seal
from .agent import (
    Agent,
    Commit,
    Effect,
    Moment,
    MoveSwitch,
    ReadMeters,
    Refuse,
    SendStatus,
    SendUpload,
)
from .drivers import BadAnswer, DriverError, MeterDriver
from .drivers.recorded import RecordedMeter, RecordingError, load_recordings
from .journal import Journal
from .meter import Meter, MeterPolicy, Observed
from .settings import EdgeSettings, SettingsError, load_settings
from .sync import Piece, SyncPolicy

log = logging.getLogger("prewatt.edge")


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
        self._clock: Clock = SharedClock(Path(settings.shared_clock)) if settings.shared_clock else SystemClock()
        self._key = SigningKey.load(Path(settings.key))
        self._drivers = make_drivers(settings, self._clock)
        self._journal = Journal(Path(settings.journal))
        meters, self._repaired = [], set()
        for meter in settings.meters:
            loaded = self._journal.load(meter.name)
            policy = MeterPolicy(
                settings.reading_interval * SECOND, settings.poll_shortest * SECOND, meter.power_highest
            )
            meters.append(Meter(meter.name, loaded.account, loaded.head, policy))
            if loaded.repaired:
                self._repaired.add(meter.name)
                log.warning("meter %s: a torn last entry was dropped", meter.name)
        sync = SyncPolicy(settings.heartbeat, settings.patience)
        server = VerifyKey(bytes.fromhex(settings.server_key))
        self._agent = Agent(settings.gateway, self._journal.epoch, meters, server, sync)
        self._topic = topics.up(settings.gateway)
        self._link = Link(settings.broker, f"prewatt-{settings.gateway}", [topics.down(settings.gateway)])
        self._first_delay = settings.broker.retry_longest / 3
        self._refused: Counter[str] = Counter()
        self._identified: set[str] = set()
        self._running = True

    def _moment(self) -> Moment:
        return Moment(self._clock.now(), time.monotonic())

    def stop(self) -> None:
        """End the loop after what is at hand."""
        self._running = False

    def close(self) -> None:
        """Let go of broker and journal."""
        self._link.stop()
        self._journal.close()

    def run(self) -> None:
        """Serve until stopped."""
        # So that a city's gateways, when its power returns, do not come in the same second.
        self._link.start(random.uniform(0, self._first_delay))
        self._do(self._agent.start(self._moment(), self._repaired))
        while self._running:
            wait = min(self._clock.until(self._agent.next_due()), max(self._agent.next_timer() - time.monotonic(), 0.0))
            for event in self._link.drain(wait, 100):
                self._do(self._on_event(event))
            self._do(self._agent.tick(self._moment()))

    def _on_event(self, event: LinkEvent) -> list[Effect]:
        if isinstance(event, Connected):
            log.info("connected to the broker")
            return self._agent.on_connected(self._moment())
        if isinstance(event, Disconnected):
            log.info("disconnected: %s", event.reason)
            self._agent.on_disconnected()
            return []
        return self._agent.on_frame(self._moment(), event.payload)

    def _do(self, effects: Sequence[Effect]) -> None:
        waiting = deque(effects)
        while waiting:
            waiting.extend(self._do_one(waiting.popleft()))

    def _do_one(self, effect: Effect) -> list[Effect]:
        match effect:
            case ReadMeters(names):
                return self._agent.on_observed(self._moment(), {name: self._read(name) for name in names})
            case Commit(records):
                accounts = {name: meter.account for name, meter in self._agent.meters.items()}
                self._journal.commit(records, accounts)
            case MoveSwitch(name, closed):
                try:
                    self._identified_driver(name).set_switch(closed)
                    log.info("meter %s: %s", name, "supply on" if closed else "supply off")
                except DriverError as error:
                    log.warning("%s", error)
                    return self._agent.on_switch_failed(self._moment(), name, error.cause)
            case SendStatus(status):
                self._link.publish(self._topic, seal(self._key, status))
            case SendUpload(number, pieces):
                spans, late = read_pieces(self._journal.read, pieces)
                self._link.publish(
                    self._topic, seal(self._key, Upload(self._agent.gateway, self._agent.epoch, number, spans, late))
                )
            case Refuse(reason, text):
                self._refused[reason] += 1
                if self._refused[reason] == 1:
                    log.warning("refused a message (%s): %s; more of this kind will only be counted", reason, text)
        return []

    def _read(self, name: str) -> Observed | str:
        try:
            driver = self._identified_driver(name)
            return Observed(driver.read_register(), driver.read_switch())
        except DriverError as error:
            # Whoever answers next may be another one: a meter is changed while it is silent.
            self._identified.discard(name)
            return error.cause

    def _identified_driver(self, name: str) -> MeterDriver:
        """The driver of a meter that has said that it is this one. DriverError if it can't be asked, or is another."""
        driver = self._drivers[name]
        if name not in self._identified:
            serial = driver.identify().serial
            if serial != name:
                raise BadAnswer(name, "identify", f"meter {serial} answers in its place")
            self._identified.add(name)
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
