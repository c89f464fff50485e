"""This module copies SQLite databases while other processes write to them, and checks them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ..terminal_texts import _
from .archive import BackupError


def copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, even if other processes write to it. Raises BackupError if it can't be
    read.
    """
    try:
        with (
            # Mode rw does not make the file if it is missing.
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=2)) as read,
            closing(sqlite3.connect(target)) as written,
        ):
            # Locked here: the backup itself would wait for ever for a database that another process has locked.
            read.execute("BEGIN")
            read.execute("SELECT 1 FROM sqlite_master").fetchone()
            read.backup(written)
    except sqlite3.Error as error:
        raise BackupError(_("%(source)s: can't be copied (%(error)s)", source=source, error=error)) from None


def unread(path: Path) -> sqlite3.Connection:
    """Open a copy for reading. Neither the copy nor a file beside it is changed."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def check(path: Path, named: Path) -> None:
    """Check all of a copied database. Raises BackupError if it is damaged; the message calls the database `named`."""
    try:
        with closing(unread(path)) as database:
            results = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        results = [str(error)]
    if results != ["ok"]:
        raise BackupError(
            _(
                "%(database)s: the database is damaged (%(why)s). Use another copy",
                database=named,
                why="; ".join(results),
            )
        )
