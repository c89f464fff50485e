"""SQLite's files: copied while others write to them, and looked through."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from .archive import BackupError


def copy(source: Path, target: Path) -> None:
    """A copy of a database as it is at one moment, whoever writes to it meanwhile. BackupError if it can't be read."""
    try:
        with (
            # Not made if it is not there.
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=2)) as read,
            closing(sqlite3.connect(target)) as written,
        ):
            # Held until the end: the copying itself would wait for ever for a database that another has locked.
            read.execute("BEGIN")
            read.execute("SELECT 1 FROM sqlite_master").fetchone()
            read.backup(written)
    except sqlite3.Error as error:
        raise BackupError(f"{source}: can't be copied ({error})") from None


def unread(path: Path) -> sqlite3.Connection:
    """A copy opened to be looked at: not a byte of it, nor a file beside it, is changed."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def check(path: Path, named: Path) -> None:
    """Look through all of a copied database. BackupError, in which it is called `named`, if it is not whole."""
    try:
        with closing(unread(path)) as database:
            found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        raise BackupError(f"{named}: the database is damaged ({'; '.join(found)})")
