"""`prewatt edge install`: the steps that make a gateway of a machine. Each can be done again without harm."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..settings import SettingsError, load_settings, page_address
from . import systemd
from .releases import Manager, Releases, checked, switch
from .unit import JOURNAL_BOUND, START_S, Service, UnitError, unit_text

UNITS = Path("etc/systemd/system")
BOUND = Path("etc/systemd/journald.conf.d/prewatt.conf")
SERIAL_GROUPS = ("dialout", "uucp")
"""What distributions call the group that may use serial adapters."""


class InstallError(ValueError):
    """The installation can't go on; the message says why."""


@dataclass(frozen=True)
class Step:
    """A step of the installation. `words`: what is done, for people. `work` does it."""

    words: str
    work: Callable[[], None]


@dataclass(frozen=True)
class Machine:
    """The machine. `root`: the folder that is its `/`. `opt`: where the links to the releases lie. `systemd`: whether it runs
    here, and users can be made.
    """

    root: Path = Path("/")
    opt: Path = Path("/opt/prewatt")
    systemd: bool = field(default_factory=systemd.is_running)

    @property
    def releases(self) -> Releases:
        """Return the releases of this machine."""
        return Releases(self.opt)


def described_service(folder: Path, machine: Machine) -> Service:
    """Return the service for a folder: what its settings ask for, if there are settings. Raises InstallError."""
    group = next((name for name in SERIAL_GROUPS if _has_group(name)), "")
    service = Service(folder=folder, program=machine.releases.program, serial_group=group)
    try:
        is_enrolled = service.config.exists()
        settings = load_settings(service.config) if is_enrolled else None
    except (SettingsError, OSError) as error:
        raise InstallError(str(error)) from None
    if settings is None:
        return service
    port = page_address(settings.page)[1] if settings.page else 0
    return Service(
        folder=folder,
        program=machine.releases.program,
        bluetooth=bool(settings.bluetooth),
        low_port=0 < port < 1024,
        serial_group=group,
    )


def present_release() -> Path:
    """Return the virtual environment that runs this program. Raises InstallError if it is none."""
    if sys.prefix == sys.base_prefix:
        raise InstallError("this Python is no virtual environment. Name one: --release /opt/prewatt/VERSION")
    return Path(sys.prefix)


def steps(service: Service, release: Path, machine: Machine, manager: Manager | None) -> Iterator[Step]:
    """Yield what is to be done, in its order. Raises InstallError, UnitError, ReleaseError or systemd.SystemdError, as the
    work of each step does; what was done until then stays.
    """
    text, new = unit_text(service), checked(release)
    unit = machine.root / UNITS / service.unit
    if machine.systemd:
        _may_be_read(new)
        yield Step(f"user {service.name}, who may use serial adapters and nothing else", lambda: _add_user(service))
        yield Step(f"{service.folder}: of that user alone", lambda: _own(service))
    yield Step(
        f"{machine.root / BOUND}: bounds the machine's logs", lambda: _write(machine.root / BOUND, JOURNAL_BOUND)
    )
    yield Step(f"{unit}: the service", lambda: _write_unit(unit, text))
    if machine.systemd:
        yield Step("the service starts with the machine", lambda: _enable(service))
    is_enrolled = service.config.exists()
    yield Step(
        f"{machine.opt}/current: {new}" + (", and the agent is started" if manager and is_enrolled else ""),
        lambda: switch(machine.releases, new, manager if is_enrolled else None),
    )


def unit_manager(service: Service) -> systemd.UnitManager:
    """Return what starts the service here."""
    return systemd.UnitManager(service.unit, START_S)


def _has_group(name: str) -> bool:
    try:
        return bool(grp.getgrnam(name))
    except KeyError:
        return False


def _may_be_read(release: Path) -> None:
    """Refuse a release that the service can't see, or whose Python it can't: homes are hidden from it."""
    for path in (release, (release / "bin" / "python").resolve()):
        if path.is_relative_to("/home") or path.is_relative_to("/root"):
            raise InstallError(
                f"{path}: the service sees no home folders. Make the environment in /opt/prewatt, by the system's python3"
            )


def _add_user(service: Service) -> None:
    try:
        pwd.getpwnam(service.name)
    except KeyError:
        nobody = shutil.which("nologin", path="/usr/sbin:/sbin:/usr/bin:/bin") or "/bin/false"
        systemd.run(
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            str(service.folder),
            "--shell",
            nobody,
            service.name,
        )


def _own(service: Service) -> None:
    """Give the folder and what lies in it to the service's user. It may have been enrolled by root."""
    user = pwd.getpwnam(service.name)
    service.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    service.folder.chmod(0o700)
    for path in (service.folder, *service.folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.chmod(0o644)
    fresh.replace(path)


def _write_unit(path: Path, text: str) -> None:
    """Write the unit. What systemd would not understand is not written over one that works."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        # The program is linked only later.
        draft.write_text(text.replace("ExecStart=", "ExecStart=/bin/true "))
        if wrong := systemd.verify(draft):
            raise UnitError(f"{path}: systemd does not understand it: {'; '.join(wrong)}")
    _write(path, text)


def _enable(service: Service) -> None:
    systemd.run("systemctl", "daemon-reload")
    systemd.run("systemctl", "restart", "systemd-journald")
    systemd.run("systemctl", "enable", service.unit)
