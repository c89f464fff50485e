"""The journal's file: its tables, its format's number, and what SQLite's errors mean. `docs/programmer/journal.md` documents it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from ..kernel.recovery import JournalDamaged

FORMAT = 2
"""The number of the file's format. A change of the bytes needs a new number, and a conversion of older files."""

SCHEMA = {
    "meta": "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "entry": "CREATE TABLE entry (id INTEGER PRIMARY KEY, meter TEXT, seq INTEGER, body BLOB, hash BLOB)",
    "head": "CREATE TABLE head (id INTEGER PRIMARY KEY, meter TEXT, seq INTEGER, hash BLOB)",
    "snapshot": "CREATE TABLE snapshot (id INTEGER PRIMARY KEY, meter TEXT, seq INTEGER, hash BLOB, account BLOB, "
    "digest BLOB)",
    "kept": "CREATE TABLE kept (id INTEGER PRIMARY KEY, meter TEXT, what TEXT, body BLOB, digest BLOB)",
    "pack": "CREATE TABLE pack (id INTEGER PRIMARY KEY, meter TEXT, first INTEGER, last INTEGER, at INTEGER, "
    "begin BLOB, hash BLOB, bodies BLOB)",
    "pack_last": "CREATE INDEX pack_last ON pack (meter, last)",
    "set_aside": "CREATE TABLE set_aside (id INTEGER PRIMARY KEY, meter TEXT, first INTEGER, last INTEGER, at INTEGER, "
    "bodies BLOB)",
}
_READ_AT_START = ("meta", "entry", "head", "snapshot", "kept")
MOST_SKIPPED = 16
"""The most rows of a table that may be unreadable before the whole file counts as damaged."""
WAL_LIMIT = 4 * 1024 * 1024


def digest(*row: str | int | bytes) -> bytes:
    """Return the digest that proves that a row is as it was written, where no chain proves it."""
    return sha256(msgspec.msgpack.encode(row)).digest()


class JournalFull(sqlite3.OperationalError):
    """There is no room for the journal, and no room in the reserve. Nothing was written."""


def explained(path: Path, error: sqlite3.DatabaseError) -> Exception:
    """Return the exception that an error of SQLite means while opening or reading: JournalFull, BlockingIOError
    (another agent), ValueError (this user may not open or write the file), the error itself if the disk failed to
    write, else JournalDamaged.
    """
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return BlockingIOError(f"{path}: another agent has this journal open")
    if name == "SQLITE_FULL":
        return JournalFull(f"{path}: {error}")
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")) or not _writable(path):
        return ValueError(f"{path}: can't be opened ({error})")
    if name in ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_TRUNCATE"):
        return error
    return JournalDamaged(f"{path}: {error}")


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Return whether an error while writing means that the file is damaged."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _writable(path: Path) -> bool:
    try:
        with path.open("r+b"):
            return True
    except OSError:
        return False


def open_file(path: Path) -> sqlite3.Connection:
    """Open the file, and make it or convert it from an older format. Only one process has it open at a time.

    Raises what `explained` returns, and ValueError for a newer format.
    """
    try:
        # One thread's, but for `Journal.copy`.
        db = sqlite3.connect(path, isolation_level=None, timeout=1, check_same_thread=False)
    except sqlite3.DatabaseError as error:
        raise explained(path, error) from None
    try:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(f"PRAGMA journal_size_limit={WAL_LIMIT}")
        db.execute("BEGIN IMMEDIATE")
        _prepare(db, path)
        db.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        db.close()
        raise explained(path, error) from None
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    tables = _tables(db)
    if not tables:
        _create(db)
        return
    number = _format(db, path)
    if number > FORMAT:
        raise ValueError(f"{path}: the journal's format is {number}, this software knows {FORMAT}: update the software")
    for step in range(number, FORMAT):
        _CONVERSIONS[step](db)
        tables = _tables(db)
    if tables != SCHEMA:
        wrong = sorted(name for name in tables.keys() | SCHEMA.keys() if tables.get(name) != SCHEMA.get(name))
        raise JournalDamaged(f"{path}: the table {wrong[0]!r} was changed by something else than prewatt")
    for table in _READ_AT_START:
        result = db.execute(f"PRAGMA quick_check({table})").fetchall()
        if result != [("ok",)]:
            raise JournalDamaged(f"{path}: {' '.join(str(result[0][0]).split())}")


def _tables(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def _create(db: sqlite3.Connection) -> None:
    for statement in SCHEMA.values():
        db.execute(statement)
    db.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))


def _format(db: sqlite3.Connection, path: Path) -> int:
    rows = db.execute("SELECT value FROM meta WHERE name='format'").fetchall()
    if len(rows) != 1 or not str(rows[0][0]).isdecimal() or int(rows[0][0]) < 1:
        raise JournalDamaged(f"{path}: it does not say which format it has")
    return int(rows[0][0])


def readable(db: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield all rows of a table in their order, each with its `id` first. A row that cannot be read is left out, so
    that it harms no other meter. Raises DatabaseError if there are many of them.
    """
    after, skipped = -(2**63), 0
    while True:
        try:
            for row in db.execute(f"SELECT id, {columns} FROM {table} WHERE id>? ORDER BY id", (after,)):  # noqa: S608
                yield row
                after = row[0]
            return
        except sqlite3.DatabaseError:
            skipped += 1
            beyond = db.execute(f"SELECT min(id) FROM {table} WHERE id>?", (after,)).fetchone()[0]  # noqa: S608
            if skipped > MOST_SKIPPED or beyond is None:
                raise
            after = beyond


def _from_1(db: sqlite3.Connection) -> None:
    """Convert format 1, which had neither heads nor packs, stored entries by meter, and had no digests of snapshots and
    memory.
    """
    names = ("meta", "entry", "snapshot", "kept")
    for name in names:
        db.execute(f"ALTER TABLE {name} RENAME TO {name}_1")
    _create(db)
    db.execute(
        "INSERT INTO entry (meter, seq, body, hash) SELECT meter, seq, body, hash FROM entry_1 ORDER BY meter, seq"
    )
    db.execute("INSERT INTO head (meter, seq, hash) SELECT meter, max(seq), hash FROM entry_1 GROUP BY meter")
    untouched = (
        "SELECT meter, seq, hash FROM snapshot_1 WHERE meter IN "
        "(SELECT meter FROM kept_1 WHERE what='adopted' EXCEPT SELECT meter FROM entry_1)"
    )
    adopted = db.execute(untouched).fetchall()
    db.executemany("INSERT INTO head (meter, seq, hash) VALUES (?, ?, ?)", adopted)
    for row in db.execute("SELECT meter, seq, hash, account FROM snapshot_1").fetchall():
        db.execute("INSERT INTO snapshot VALUES (NULL, ?, ?, ?, ?, ?)", (*row, digest(*row)))
    kept = db.execute("SELECT meter, what, body FROM kept_1 WHERE what!='adopted'").fetchall()
    kept += db.execute("SELECT '', name, CAST(value AS BLOB) FROM meta_1 WHERE name='epoch'").fetchall()
    kept += [(meter, "adopted", msgspec.msgpack.encode(head)) for meter, *head in adopted]
    for row in kept:
        db.execute("INSERT INTO kept VALUES (NULL, ?, ?, ?, ?)", (*row, digest(*row)))
    for name in names:
        db.execute(f"DROP TABLE {name}_1")


_CONVERSIONS = {1: _from_1}
