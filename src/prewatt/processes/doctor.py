"""`prewatt doctor`: what is wrong with a server, in words, with what to do. It changes nothing."""

from __future__ import annotations

import http.client
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Max

from .. import __version__
from ..findings import Finding, State
from ..server.core.broker import PROBE_USER
from ..server.core.broker_tls import address_for
from ..server.core.home_folder import copy_note
from ..server.core.probe import Probe, round_trip
from ..server.core.server_config import ServerConfig
from ..server.metering.looks import system_now
from ..server.metering.models import SILENT_WORKER, Alarm, Gateway, Worker
from ..server.overview.models import Keeping
from ..terminal_texts import _, ngettext
from .database import check_known

LITTLE, NONE_LEFT = 2 << 30, 200 << 20
"""Bytes: a disk with less room than this is soon full; one with less than that fails soon."""
OLD_COPY = 2
"""Days after which a copy of the server is old: one is made each night."""
SILENT_TASKS = 120
"""Seconds without a sign of life after which the worker is taken to have stopped: it says one every few seconds, but for times in
which it is busy.
"""
NAMED = 5
"""The most names in a line."""

Check = Callable[[ServerConfig], Iterable[Finding]]


def check_version(config: ServerConfig) -> Iterator[Finding]:
    """Which version runs on which database, and whether it knows all that was changed there."""
    name = _("database")
    kind = "PostgreSQL" if config.database else "SQLite"
    loader = MigrationLoader(connection)
    try:
        check_known(loader)
    except ImproperlyConfigured:
        advice = _("Update the software: this version would not start")
        yield Finding(name, State.BAD, _("a newer version of prewatt has changed it"), advice)
        return
    if loader.graph.nodes.keys() - loader.applied_migrations.keys():
        advice = _("Make a copy (prewatt backup), then stop the server and start it again")
        yield Finding(name, State.WARN, _("it is of an older version; the next start brings it up to date"), advice)
        return
    yield Finding(name, State.OK, _("%(kind)s answers, and is of this version", kind=kind))


def check_processes(config: ServerConfig) -> Iterator[Finding]:
    """Whether the processes run that `prewatt server` has started here."""
    name, run = _("processes"), config.home / "run"
    known = {path.stem for path in run.glob("*.pid")}
    if not known:
        advice = _("Start it: prewatt server. If you start its parts one by one, look at those")
        state = State.SKIPPED if config.database else State.BAD
        yield Finding(name, state, _("no prewatt server runs with this folder"), advice)
        return
    expected = known | {"headend", "worker", "web"} | ({"broker"} if config.own_broker else set())
    stopped = sorted(each for each in expected if not _runs(run / f"{each}.pid"))
    if stopped:
        advice = _("Read the end of %(log)s, and start it again: prewatt server", log=run / f"{stopped[0]}.log")
        yield Finding(name, State.BAD, _("stopped: %(names)s", names=", ".join(stopped)), advice)
    else:
        yield Finding(name, State.OK, _("running: %(names)s", names=", ".join(sorted(expected))))


def _runs(pid_file: Path) -> bool:
    """Return whether the process of a file still runs, and is one of ours: after a loss of power another may have its number."""
    try:
        words = Path("/proc", str(int(pid_file.read_text())), "cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    return b"prewatt" in words or b"nats-server" in words


def check_pages(config: ServerConfig) -> Iterator[Finding]:
    """Whether the pages answer on this machine."""
    name, address = _("pages"), f"{config.http.host}:{config.http.port}"
    pages = http.client.HTTPConnection(*config.http.reached_at, timeout=10)
    try:
        pages.request("GET", "/login/")
        status = pages.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        words = _("%(address)s does not answer (%(cause)s)", address=address, cause=error)
        yield Finding(name, State.BAD, words, _("Start the server: prewatt server. Then read run/web.log"))
        return
    finally:
        pages.close()
    if status >= 500:
        words = _("%(address)s answers with the error %(status)s", address=address, status=status)
        yield Finding(name, State.BAD, words, _("Read run/web.log"))
    else:
        yield Finding(name, State.OK, _("they answer at %(address)s", address=address))


def check_broker(config: ServerConfig) -> Iterator[Finding]:
    """Whether a message comes through the broker, or whether one that is not ours can be reached."""
    name, address = _("broker"), f"{config.mqtt.host}:{config.mqtt.port}"
    if not config.own_broker:
        try:
            socket.create_connection(config.mqtt.reached_at, timeout=Probe.PATIENCE).close()
        except OSError as error:
            words = _("%(address)s can't be reached (%(cause)s)", address=address, cause=error)
            yield Finding(name, State.BAD, words, _("Look at the broker that PREWATT_MQTT names"))
        else:
            yield Finding(name, State.OK, _("%(address)s can be reached", address=address))
    elif not (config.home / "broker" / "nats.conf").exists():
        # To ask it would make its keys.
        yield Finding(name, State.BAD, _("it was never started here"), _("Start the server: prewatt server"))
    elif round_trip(address_for(config, PROBE_USER, 1.0), Probe.PATIENCE):
        yield Finding(name, State.OK, _("a message comes through at %(address)s", address=address))
    else:
        advice = _("Read run/broker.log. Meters go on by themselves, and what they say comes later")
        yield Finding(name, State.BAD, _("no message comes through at %(address)s", address=address), advice)


def check_signs_of_life(_config: ServerConfig) -> Iterator[Finding]:
    """Whether the head-end takes messages in, and the worker does what is scheduled."""
    beat = Worker.objects.aggregate(last=Max("beat_at"))["last"]
    yield _life(_("head-end"), beat, SILENT_WORKER, "headend")
    kept = Keeping.objects.filter(pk=1, at__gt=0).values_list("at", flat=True).first()
    yield _life(_("worker"), None if kept is None else _moment(kept), SILENT_TASKS, "worker")


def _life(name: str, last: datetime | None, longest: int, process: str) -> Finding:
    if last is not None and (_moment(system_now()) - last).total_seconds() <= longest:
        return Finding(name, State.OK, _("it works: last sign of life at %(at)s", at=_shown(last)))
    words = (
        _("it has never given a sign of life") if last is None else _("no sign of life since %(at)s", at=_shown(last))
    )
    return Finding(name, State.BAD, words, _("Start the server, and read run/%(process)s.log", process=process))


def check_gateways(_config: ServerConfig) -> Iterator[Finding]:
    """Which gateways are heard."""
    name = _("gateways")
    rows = Gateway.objects.filter(is_revoked=False, property__archived_at=None)
    enrolled = list(rows.exclude(public_key=None).order_by("name").values_list("name", "is_online", "heard_at"))
    waiting = rows.filter(public_key=None).count()
    silent = [f"{each} ({_shown(_moment(at)) if at else _('never')})" for each, online, at in enrolled if not online]
    if silent:
        words = _(
            "not heard, %(count)s of %(all)s: %(names)s; the times are those of the last message",
            count=len(silent),
            all=len(enrolled),
            names=_first(silent),
        )
        yield Finding(name, State.WARN, words, _("At the gateway: prewatt edge doctor. Its meters go on by themselves"))
    elif enrolled:
        yield Finding(name, State.OK, ngettext("%(number)s is heard", "all %(number)s are heard", len(enrolled)))
    if not enrolled and not waiting:
        advice = _("Set a building up: in a browser under /begin/, or prewatt setup")
        yield Finding(name, State.WARN, _("there is none yet"), advice)
    if waiting:
        words = ngettext("%(number)s is not enrolled yet", "%(number)s are not enrolled yet", waiting)
        yield Finding(
            name, State.WARN, words, _("Make a code: prewatt gateway code NAME. On the gateway: prewatt edge enrol")
        )


def check_alarms(_config: ServerConfig) -> Iterator[Finding]:
    """Whether alarms are open."""
    rows = Alarm.objects.filter(is_resolved=False)
    count = rows.count()
    if not count:
        yield Finding(_("alarms"), State.OK, _("none is open"))
        return
    words = ngettext("%(number)s is open", "%(number)s are open", count)
    kinds = rows.order_by("kind").values_list("kind", flat=True).distinct()
    advice = _("The page Alarms of each building says what to do. Kinds: %(kinds)s", kinds=_first(list(kinds)))
    yield Finding(_("alarms"), State.WARN, words, advice)


def check_disk(config: ServerConfig) -> Iterator[Finding]:
    """How much room is left for database and logs."""
    free = shutil.disk_usage(config.home).free
    words = _("%(size)s MB free in %(home)s", size=free >> 20, home=config.home)
    state = State.BAD if free < NONE_LEFT else State.WARN if free < LITTLE else State.OK
    yield Finding(_("disk"), state, words, "" if state is State.OK else _("Make room before it is full"))


def check_copy(config: ServerConfig) -> Iterator[Finding]:
    """When the server was copied last."""
    name, note = _("last copy"), copy_note(config)
    advice = _("Make one each night: prewatt backup FILE (docs/operator/operate.md, Copies)")
    if not note.exists():
        yield Finding(name, State.WARN, _("none is known that prewatt backup made here"), advice)
        return
    at, file = datetime.fromtimestamp(note.stat().st_mtime, UTC), note.read_text().strip()
    words = _("%(file)s, made at %(at)s", file=file, at=_shown(at))
    is_old = (_moment(system_now()) - at).total_seconds() > OLD_COPY * 86_400
    yield Finding(name, State.WARN if is_old else State.OK, words, advice if is_old else "")
    if config.database:
        yield Finding(
            name, State.SKIPPED, _("copies of PostgreSQL are not made by prewatt"), _("Look at those of pg_dump")
        )


OF_THE_MACHINE: tuple[Check, ...] = (check_processes, check_pages, check_broker, check_disk, check_copy)
OF_THE_DATABASE: tuple[Check, ...] = (check_version, check_signs_of_life, check_gateways, check_alarms)


def examine(config: ServerConfig) -> Iterator[Finding]:
    """Yield what is found, check by check. One that fails itself is told as such, and the others go on."""
    words = _("prewatt %(version)s, in %(home)s", version=__version__, home=config.home)
    yield Finding(_("server"), State.OK, words)
    for check in OF_THE_MACHINE:
        yield from _done(check, config)
    database = config.home / "prewatt.sqlite3"
    if not config.database and not database.exists():
        # To ask for it would make an empty one.
        advice = _("Put a copy back (prewatt restore FILE), or set PREWATT_HOME as the server has it")
        yield Finding(_("database"), State.BAD, _("%(file)s is missing", file=database), advice)
        return
    try:
        connection.ensure_connection()
    except (DatabaseError, InterfaceError) as error:
        advice = _("Check that it runs, and that PREWATT_DATABASE and PREWATT_HOME are right")
        yield Finding(_("database"), State.BAD, _("it does not answer: %(cause)s", cause=str(error).strip()), advice)
        return
    for check in OF_THE_DATABASE:
        yield from _done(check, config)


def _done(check: Check, config: ServerConfig) -> Iterator[Finding]:
    try:
        yield from check(config)
    except Exception as fault:
        words = _("the check itself failed: %(fault)s", fault=f"{type(fault).__name__}: {fault}")
        name = check.__name__.removeprefix("check_").replace("_", " ")
        yield Finding(name, State.BAD, words, _("Look at this by hand, and report the fault"))


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1_000_000, UTC)


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _first(names: list[str]) -> str:
    """Return names with commas, of many the first ones."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f", … (+{more})" if more > 0 else "")
