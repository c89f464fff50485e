"""This module copies a server and puts the copy back: the database, the keys that belong to it, and the settings by
which gateways reach it.
"""

from __future__ import annotations

import platform
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from .. import __version__, folder, server
from ..server.core.home_folder import copy_note
from ..server.core.home_secrets import secret, signing_key, vending_secret
from ..server.core.server_config import ServerConfig
from ..terminal_texts import _
from . import archive, databases
from .archive import BackupError, Manifest

SIDE = "server"
DATABASE = "prewatt.sqlite3"
KEYS = ("secret", "server.key", "vending.key", "push.pem", "broker-ca.pem")
"""The files of keys: for logins and the broker's passwords; for signing commands and receipts; for opening the
database's sealed secrets; for push notices; for the broker's authority, which gateways believe. The last two may be
missing.
"""
OF_THE_MACHINE = ("PREWATT_HOME", "PREWATT_DATABASE", "PREWATT_VENDING_KEY", "PREWATT_SHARED_CLOCK")
"""Settings that a copy does not contain, because they belong to the machine or contain a password."""


class Restored(NamedTuple):
    """A copy that was put back: its manifest, and the folder `aside` that keeps the earlier content (None if there was
    none).
    """

    copy: Manifest
    aside: Path | None


def back_up(config: ServerConfig, environment: Mapping[str, str], target: Path) -> Manifest:
    """Write a server's copy, whether or not the server runs. With PostgreSQL, the copy does not contain the database.
    Raises BackupError if the copy can't be made.
    """
    with folder.using(config.home):
        proof = config.home / ("secret" if config.database else DATABASE)
        if not proof.exists():
            raise BackupError(
                _("%(file)s: this file is missing, so no server has run here. Check PREWATT_HOME", file=proof)
            )
        with archive.workplace(target) as work:
            # Keys are copied after the database, so that no key which the database needs is missing.
            formats = {} if config.database else _copy_database(config.home, work)
            _copy_keys(config, work)
            settings = _settings_to_copy(environment)
            copied = archive.pack(work, target, archive.manifest(SIDE, platform.node(), config.home, formats, settings))
    # For `prewatt doctor`. The copy is made and holds, also where this can't be written.
    with suppress(OSError):
        note = copy_note(config)
        note.parent.mkdir(mode=0o700, exist_ok=True)
        note.unlink(missing_ok=True)
        note.write_text(f"{target.absolute()}\n")
    return copied


def _copy_database(home: Path, work: Path) -> dict[str, str]:
    """Copy the database of SQLite, and check the copy. Returns its migrations."""
    databases.copy(home / DATABASE, work / DATABASE)
    databases.check(work / DATABASE, home / DATABASE)
    return _migrations(work / DATABASE)


def _copy_keys(config: ServerConfig, work: Path) -> None:
    # Keys that were never used are made now, so that a server that is put back makes no others.
    secret(config), signing_key(config), vending_secret(config)
    for name in KEYS:
        if (config.home / name).exists():
            shutil.copyfile(config.home / name, work / name)


def _settings_to_copy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the server that do not belong to this machine."""
    names = sorted(name for name in environment if name.startswith("PREWATT_") and name not in OF_THE_MACHINE)
    return {name: environment[name] for name in names}


def put_back(config: ServerConfig, source: Path) -> Restored:
    """Put a server's copy in the place of the home folder's content. Raises BackupError or folder.BusyError if that is
    not possible; then nothing was changed.
    """
    copied = archive.check(source, SIDE)
    if DATABASE in copied.files and config.database:
        raise BackupError(
            _(
                "%(source)s: contains an SQLite database, but PREWATT_DATABASE names PostgreSQL. Leave "
                "PREWATT_DATABASE empty to put the copy back",
                source=source,
            )
        )
    if DATABASE not in copied.files and not config.database:
        raise BackupError(
            _(
                "%(source)s: comes from a server on PostgreSQL and contains only its keys. Restore the database "
                "with pg_restore, set PREWATT_DATABASE to it, and repeat this command",
                source=source,
            )
        )
    with folder.alone(config.home), folder.gathering(config.home) as part:
        archive.extract(source, copied, part)
        if DATABASE in copied.files:
            databases.check(part / DATABASE, source)
            _check_known(part / DATABASE, source, copied)
        return Restored(copied, folder.put(config.home))


def _check_known(database: Path, source: Path, copied: Manifest) -> None:
    """Check that this prewatt knows all migrations of the database. Raises BackupError if a newer one has changed it."""
    rooms = Path(server.__path__[0]).glob("*/migrations/[0-9]*.py")
    known = {(path.parent.parent.name, path.stem) for path in rooms}
    ours = {room for room, _name in known}
    strange = [f"{room} {name}" for room, name in _applied(database) if room in ours and (room, name) not in known]
    if strange:
        raise BackupError(
            _(
                "%(source)s: prewatt %(version)s has changed its database in a way that this version "
                "(%(own)s) does not know (%(change)s). Put the copy back with that version or a newer one",
                source=source,
                version=copied.version,
                own=__version__,
                change=strange[-1],
            )
        )


def _applied(database: Path) -> list[tuple[str, str]]:
    try:
        with closing(databases.unread(database)) as opened:
            return list(opened.execute("SELECT app, name FROM django_migrations ORDER BY id"))
    except sqlite3.Error as error:
        raise BackupError(
            _("%(database)s: this file is not a database of prewatt (%(error)s)", database=database.name, error=error)
        ) from None


def _migrations(database: Path) -> dict[str, str]:
    """Return the last migration of each of the database's rooms."""
    return {f"database {room}": name for room, name in _applied(database)}
