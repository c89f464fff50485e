"""A server's copy: the database, the keys that belong to it, and the settings under which the gateways reach it."""

from __future__ import annotations

import platform
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from .. import __version__, folder, server
from ..server.core.config import ServerConfig, secret, signing_key, vending_secret
from . import archive, databases
from .archive import BackupError, Manifest

SIDE = "server"
DATABASE = "prewatt.sqlite3"
KEYS = ("secret", "server.key", "vending.key", "push.pem")
"""What logins and the broker's passwords come from; what signs commands and receipts; what opens the database's sealed
secrets; the key of push notices, once there is one."""
OF_THE_MACHINE = ("PREWATT_HOME", "PREWATT_DATABASE", "PREWATT_SHARED_CLOCK")
"""Settings that are not kept: they belong to where the server runs, or hold a password."""


class Restored(NamedTuple):
    """A copy that was put back, and where that which lay there before is kept."""

    copy: Manifest
    aside: Path | None


def back_up(config: ServerConfig, environment: Mapping[str, str], target: Path) -> Manifest:
    """Write a server's copy, whether the server runs or not. On PostgreSQL the database is not in it."""
    with folder.using(config.home):
        proof = config.home / ("secret" if config.database else DATABASE)
        if not proof.exists():
            raise BackupError(f"{proof}: is not there, so no server has run here. Is PREWATT_HOME right?")
        with archive.workplace(target) as work:
            formats: dict[str, str] = {}
            if not config.database:
                databases.copy(config.home / DATABASE, work / DATABASE)
                databases.check(work / DATABASE, config.home / DATABASE)
                formats = _migrations(work / DATABASE)
            # After the database: there is none in it that needs a key that is not copied. Those that no one has asked for
            # yet are made, so that no server that is put back makes others.
            secret(config), signing_key(config), vending_secret(config)
            for name in KEYS:
                if (config.home / name).exists():
                    shutil.copyfile(config.home / name, work / name)
            settings = {
                name: value
                for name, value in sorted(environment.items())
                if name.startswith("PREWATT_") and name not in OF_THE_MACHINE
            }
            return archive.pack(work, target, archive.manifest(SIDE, platform.node(), config.home, formats, settings))


def put_back(config: ServerConfig, source: Path) -> Restored:
    """Put a server's copy in the place of what lies in the home folder. BackupError or folder.BusyError if it can't be:
    then nothing was changed.
    """
    copied = archive.check(source, SIDE)
    if DATABASE in copied.files and config.database:
        raise BackupError(
            f"{source}: holds an SQLite database, and PREWATT_DATABASE names PostgreSQL: leave that empty to put it back"
        )
    if DATABASE not in copied.files and not config.database:
        raise BackupError(
            f"{source}: is of a server on PostgreSQL and holds its keys alone: restore the database with pg_restore, set "
            "PREWATT_DATABASE to it, and repeat this"
        )
    with folder.alone(config.home), folder.gathering(config.home) as part:
        archive.extract(source, copied, part)
        if DATABASE in copied.files:
            databases.check(part / DATABASE, source)
            _check_known(part / DATABASE, source, copied)
        return Restored(copied, folder.put(config.home))


def _check_known(database: Path, source: Path, copied: Manifest) -> None:
    """BackupError if the database is of a prewatt that is newer than this one."""
    rooms = Path(server.__path__[0]).glob("*/migrations/[0-9]*.py")
    known = {(path.parent.parent.name, path.stem) for path in rooms}
    ours = {room for room, _name in known}
    strange = [f"{room} {name}" for room, name in _applied(database) if room in ours and (room, name) not in known]
    if strange:
        raise BackupError(
            f"{source}: its database was changed by prewatt {copied.version} in a way that this one ({__version__}) does not "
            f"know ({strange[-1]}): put it back with that one, or a newer one"
        )


def _applied(database: Path) -> list[tuple[str, str]]:
    try:
        with closing(databases.unread(database)) as opened:
            return list(opened.execute("SELECT app, name FROM django_migrations ORDER BY id"))
    except sqlite3.Error as error:
        raise BackupError(f"{database.name}: is no database of prewatt ({error})") from None


def _migrations(database: Path) -> dict[str, str]:
    """The last migration of each of the database's rooms."""
    return {f"database {room}": name for room, name in _applied(database)}
