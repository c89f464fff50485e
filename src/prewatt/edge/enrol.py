"""Enrolment: the gateway makes its key, uses its enrolment code, and writes its settings."""

from __future__ import annotations

import ipaddress
import logging
import sqlite3
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from ..folder import keep_private, sync
from ..kernel.account import Account
from ..kernel.entries import genesis
from ..kernel.recovery import JournalDamaged
from ..wire.enrolling import Enrolling
from ..wire.link import BrokerAddress
from ..wire.sealing import SealedError
from ..wire.signing import SigningKey
from .commissioning.survey import Flat, Survey, SurveyError, load_survey, save_survey
from .commissioning.writing import with_meters
from .driver_settings import missing_paths, read_section
from .drivers.interface import DriverSettings
from .journal import Journal
from .settings import (
    EdgeSettings,
    MeterSettings,
    SettingsError,
    TokenSettings,
    load_settings,
    page_address,
    write_settings,
)
from .texts import _

log = logging.getLogger("prewatt.edge")

SETTINGS, JOURNAL, KEY, NEW_KEY = "edge.toml", "journal.sqlite3", "gateway.key", "gateway.key.new"
"""The files in a gateway's folder; the new key has its own name until the server knows it."""


class EnrolError(ValueError):
    """Enrolment failed; the message says why. The enrolment code is still good unless the message says otherwise."""


class _State(Struct):
    """What the server knows of a meter's journal: its last entry (`seq`, `head`) and the account, in hexadecimal."""

    seq: int
    head: str
    account: str


class _Meter(Struct):
    """A meter of the gateway. `state`: None if the server has no entry of it yet."""

    name: str
    driver: str
    unit: str = ""
    token: TokenSettings | None = None
    state: _State | None = None
    serial: str = ""


class _Answer(Struct):
    """The server's answer to an enrolment."""

    gateway: str
    server_key: str
    broker_port: int
    broker_password: str
    meters: list[_Meter]
    property: str = ""
    property_id: int = 0
    units: list[str] = []
    broker_tls: bool = False
    broker_ca: str = ""
    broker_any_name: bool = False

    def broker(self, host: str) -> BrokerAddress:
        """Return how the broker is reached at the server's host, and what is believed of its certificate."""
        return BrokerAddress(
            host,
            self.broker_port,
            self.gateway,
            self.broker_password,
            tls=self.broker_tls,
            ca=self.broker_ca,
            any_name=self.broker_any_name,
        )


def enrol(
    server: str,
    code: str,
    folder: Path,
    drivers: Mapping[str, DriverSettings] | None = None,
    page: str = "",
    bluetooth: str = "",
    insecure: bool = False,
    ca: Path | None = None,
) -> EdgeSettings:
    """Enrol at the address `server`, write `edge.toml` and `gateway.key` into `folder`, and return the settings.

    The private key never leaves the folder, and each enrolment makes a new one. `drivers`: the settings that kinds of
    meters need; `page`, `bluetooth`: see `EdgeSettings`. Meters of a kind without settings wait until they are set up here
    (`commissioning`). `insecure`: whether the call may cross a network by plain http. The code itself is never sent, and the
    answer is sealed (`wire.enrolling`). `ca`: a file of certificates that are believed in the place of the system's. If another
    gateway had the meters before, their journals continue from where the server has them. If the server cannot be reached, no meter is
    changed. Raises EnrolError.
    """
    host = _check(server, page, insecure, drivers or {})
    _not_enrolled(folder / SETTINGS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        _close(folder)
        # Checked before the code is used: an agent that still runs, or a full disk, would stop the next steps.
        _journal_is_ready(folder / JOURNAL)
        key = _new_key(folder)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise EnrolError(_("%(error)s. The code is still valid") % {"error": error}) from None
    answer = _ask(server, code, key, ca)
    sections = _sections(dict(drivers or {}), answer.meters, folder)
    settings = EdgeSettings(
        gateway=answer.gateway,
        key=str(folder / KEY),
        server_key=answer.server_key,
        journal=str(folder / JOURNAL),
        broker=answer.broker(host),
        meters=tuple(
            MeterSettings(meter.name, meter.driver, unit=meter.unit, token=meter.token)
            for meter in answer.meters
            if meter.driver in sections
        ),
        drivers=sections,
        property=answer.property,
        property_id=answer.property_id,
        page=page,
        bluetooth=bluetooth,
        server=server.rstrip("/"),
    )
    try:
        settings = _as_before(_keep_flats(folder, answer), settings, folder)
        _take_over(folder / JOURNAL, answer.meters)
        (folder / NEW_KEY).replace(folder / KEY)
        # Written last: until this file exists the gateway is not enrolled, and a new code does all of this again.
        write_settings(folder / SETTINGS, settings)
    except (OSError, ValueError, sqlite3.Error, msgspec.MsgspecError, JournalDamaged) as error:
        raise EnrolError(
            _("%(error)s. The code is used up. Correct this fault, and ask for a new code") % {"error": error}
        ) from None
    return settings


def _check(server: str, page: str, insecure: bool, drivers: Mapping[str, DriverSettings]) -> str:
    """Return the server's host. Raises EnrolError if an address is invalid, the way there is open to others, or a file is missing."""
    _files_are_there(drivers)
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise EnrolError(_("'%(server)s' is not an address such as http://192.0.2.1:8000") % {"server": server})
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        if not insecure:
            raise EnrolError(
                _(
                    "%(server)s is not encrypted. Use the server's https:// address (--ca FILE, if its certificate is "
                    "one of your own). If there is none, repeat the command with --insecure: the code is not sent, and "
                    "the keys are sent encrypted. But anybody in that network who knows the code could take this "
                    "gateway's place. The code is still valid"
                )
                % {"server": server}
            )
        log.warning(
            "%s is not encrypted: the keys come sealed with the code, which nobody else may know (--insecure)", server
        )
    if page:
        try:
            page_address(page)
        except ValueError as error:
            raise EnrolError(str(error)) from None
    return parts.hostname


def _files_are_there(drivers: Mapping[str, DriverSettings]) -> None:
    """Raise EnrolError if a file or folder that a kind of meter needs is not there, such as one whose name is typed wrongly."""
    for path in (path for section in drivers.values() for path in missing_paths(section)):
        raise EnrolError(
            _("There is no file or folder %(path)s. Check its name. The code is still valid") % {"path": path}
        )


def _is_this_machine(host: str) -> bool:
    """Return whether a host is reached without a network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _new_key(folder: Path) -> SigningKey:
    """Make another key, so that a copy of the old one is worthless. The old key holds until the server knows this one."""
    key = SigningKey.generate()
    (folder / NEW_KEY).unlink(missing_ok=True)
    key.save(folder / NEW_KEY)
    sync(folder)
    return key


def _ask(server: str, code: str, key: SigningKey, ca: Path | None) -> _Answer:
    """Use the enrolment code. Raises EnrolError if the server cannot be reached, its certificate is not believed, or it
    refuses.
    """
    enrolling = Enrolling(code.strip().lower(), key.public())
    url = f"{server.rstrip('/')}/api/gateways/enrol"
    request = urllib.request.Request(url, enrolling.body(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        believed = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise EnrolError(
            _("%(ca)s has no certificates in it (%(error)s). The code is still valid") % {"ca": ca, "error": error}
        ) from None
    try:
        with urllib.request.urlopen(request, timeout=30, context=believed) as response:  # noqa: S310
            answer = msgspec.json.decode(enrolling.open(response.read(1_000_000)), type=_Answer)
    except urllib.error.HTTPError as error:
        raise EnrolError(
            _("%(server)s refused: %(words)s") % {"server": server, "words": _words(error.read(2000))}
        ) from None
    except (OSError, SealedError, msgspec.DecodeError) as error:
        raise EnrolError(f"{server}: {error}") from None
    return answer


def _words(body: bytes) -> str:
    """Return what a refusal says: the call's own reason, or that of the server's pages. Another text comes as it is."""
    try:
        said = msgspec.json.decode(body, type=dict[str, str])
    except msgspec.DecodeError:
        return body.decode(errors="replace")
    return said.get("error") or said.get("detail") or body.decode(errors="replace")


def _sections(drivers: dict[str, DriverSettings], meters: Sequence[_Meter], folder: Path) -> dict[str, DriverSettings]:
    """Return a section of settings for each kind of meter, with its defaults where nothing was given."""
    for kind in sorted({meter.driver for meter in meters} - set(drivers)):
        try:
            drivers[kind] = read_section(kind, {}, folder)
        except ValueError as error:
            waiting = sum(meter.driver == kind for meter in meters)
            log.warning("%d meters are to be set up yet: prewatt edge scan finds those on buses (%s)", waiting, error)
    return drivers


def _keep_flats(folder: Path, answer: _Answer) -> Survey:
    """Keep what the server lists, for setting up. What was found on the buses before stays."""
    survey = load_survey(folder)
    flats = [Flat(meter.unit, meter.name, meter.serial or meter.name, meter.token) for meter in answer.meters]
    survey.flats = (*flats, *(Flat(unit) for unit in answer.units))
    save_survey(folder, survey)
    return survey


def _as_before(survey: Survey, settings: EdgeSettings, folder: Path) -> EdgeSettings:
    """Return the settings with the meters that were set up here before: a gateway that enrols again needs no electrician."""
    names = {flat.key: flat.name for flat in survey.flats}
    known = [meter for meter in survey.meters if meter.in_service and meter.in_service == names.get(meter.flat)]
    if not known or "bus" in settings.drivers:
        return settings
    try:
        return with_meters(settings, survey, known, folder, lambda: 0)
    except SurveyError as error:
        log.warning("%s. The meters have to be set up again", error)
        return settings


def _aside(path: Path) -> Path:
    """Return a free name beside `path`."""
    numbers = (number for number in range(1, 10_000) if not path.with_name(f"{path.name}.old-{number}").exists())
    return path.with_name(f"{path.name}.old-{next(numbers)}")


def _close(folder: Path) -> None:
    """Close a folder to others, if it is new or ours. What is written into one that holds other things is closed by itself.
    Raises OpenFolderError.
    """
    there = {each.name for each in folder.iterdir()}
    if not there or there & {SETTINGS, JOURNAL, KEY}:
        keep_private(folder)


def _not_enrolled(path: Path) -> None:
    """Raise EnrolError if the settings file is that of an enrolled gateway. An empty or torn file is moved aside."""
    if not path.exists():
        return
    try:
        load_settings(path)
    except SettingsError as error:
        moved = _aside(path)
        path.rename(moved)
        log.warning("%s. It is no enrolled gateway's: moved to %s, and enrolled anew", error, moved.name)
        return
    raise EnrolError(
        _(
            "%(path)s exists already: this gateway is enrolled. To enrol it again with a new code, move "
            "that file away first"
        )
        % {"path": path}
    )


def _journal_is_ready(path: Path) -> None:
    """Make the journal, or check that it opens. A journal that is damaged as a whole is moved aside: the meters
    continue from what the server knows.
    """
    try:
        journal = Journal(path)
    except JournalDamaged as error:
        moved = _aside(path)
        path.rename(moved)
        for end in ("-wal", "-shm"):
            beside = path.with_name(path.name + end)
            if beside.exists():
                beside.rename(moved.with_name(moved.name + end))
        log.warning("%s. It is moved to %s, and the meters go on from what the server knows", error, moved.name)
        journal = Journal(path)
    full = journal.full
    journal.close()
    if full:
        raise OSError(_("%(path)s: the disk is full") % {"path": path})


def _take_over(path: Path, meters: list[_Meter]) -> None:
    """Begin the journals where the server has them. A journal that continues from there by itself (the same gateway,
    enrolled again) stays; a damaged, foreign or shorter one is set aside.
    """
    with closing(Journal(path)) as journal:
        for meter in meters:
            try:
                end = journal.load(meter.name).account.seq
            except JournalDamaged as error:
                log.warning("%s. It is set aside, and the meter goes on from what the server knows", error)
                end = None
            state = meter.state
            if state is not None and not (end is not None and _continues(journal, meter.name, state, end)):
                journal.replace(meter.name, state.seq, bytes.fromhex(state.head), bytes.fromhex(state.account))
            elif state is None and end is None:
                journal.replace(meter.name, 0, genesis(meter.name), Account().dump())


def _continues(journal: Journal, meter: str, state: _State, end: int) -> bool:
    """Return whether a journal, whose last entry is number `end`, has the server's last entry and all after it."""
    return (
        end >= state.seq
        and journal.has(meter, state.seq, bytes.fromhex(state.head))
        and len(journal.read(meter, state.seq + 1, end)) == end - state.seq
    )
