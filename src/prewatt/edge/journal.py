"""The journal on the gateway's flash: SQLite, WAL, synchronous=FULL. `docs/journal.md` documents the file.

One process owns the file; a second one that tries to open it is told so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..kernel.account import Account
from ..kernel.entries import (
    EntryError,
    Record,
    decode_entry,
    genesis,
)
from ..kernel.recovery import JournalDamaged, recover

SNAPSHOT_EVERY = 500
"""Entries after which a meter's account is kept as a snapshot, so that a start need not replay a year."""
FORMAT = "1"

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS entry (meter TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, "
    "hash BLOB NOT NULL, PRIMARY KEY (meter, seq)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS snapshot (meter TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL, "
    "account BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS kept (meter TEXT NOT NULL, what TEXT NOT NULL, body BLOB NOT NULL, "
    "PRIMARY KEY (meter, what)) WITHOUT ROWID",
)


class Loaded(NamedTuple):
    """A meter's account replayed from its journal, the head of the chain, and whether a torn last entry was dropped."""

    account: Account
    head: bytes
    repaired: bool


class Journal:
    """The journals of one gateway's meters. `epoch` counts how often the file was opened.

    Opening raises BlockingIOError if another process has the file open, ValueError if it is no journal of this format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=1)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname == "SQLITE_BUSY":
                raise BlockingIOError(f"{path}: another agent has this journal open") from None
            raise ValueError(f"{path}: is no journal, or can't be opened ({error})") from None
        for statement in _SCHEMA:
            self._db.execute(statement)
        if self._meta("format", FORMAT) != FORMAT:
            raise ValueError(
                f"{path}: the journal's format is {self._meta('format', FORMAT)}, this software knows {FORMAT}"
            )
        self.epoch = int(self._meta("epoch", "0")) + 1
        self._db.execute("UPDATE meta SET value=? WHERE name='epoch'", (str(self.epoch),))
        self._db.execute("COMMIT")
        self._since_snapshot: dict[str, int] = {}

    def _meta(self, name: str, first: str) -> str:
        self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, first))
        return str(self._db.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()[0])

    def close(self) -> None:
        self._db.close()

    def load(self, meter: str) -> Loaded:
        """Replay a meter's journal. JournalDamaged, naming file and meter, if it is not whole: then nothing is
        changed.
        """
        row = self._db.execute("SELECT seq, hash, account FROM snapshot WHERE meter=?", (meter,)).fetchone()
        seq, head, account = (
            (int(row[0]), bytes(row[1]), Account.load(row[2])) if row else (0, genesis(meter), Account())
        )
        rows = self._db.execute("SELECT seq, body, hash FROM entry WHERE meter=? AND seq>? ORDER BY seq", (meter, seq))
        records = [Record(*row) for row in rows]
        try:
            recovery = recover(head, seq + 1, records)
            for record in records[: recovery.whole]:
                account.apply(decode_entry(record.body))
        except (JournalDamaged, EntryError, AssertionError) as error:
            raise JournalDamaged(f"{self._path}, meter {meter}: {error}") from None
        if recovery.torn:
            self._db.execute("DELETE FROM entry WHERE meter=? AND seq>?", (meter, seq + recovery.whole))
        self._since_snapshot[meter] = recovery.whole
        return Loaded(account, records[recovery.whole - 1].hash if recovery.whole else head, recovery.torn)

    def commit(self, records: Iterable[tuple[str, Record]], accounts: dict[str, Account]) -> None:
        """Append records in one transaction; it is on the flash when this returns.

        `accounts`: the accounts as they are after all of the records, for snapshots.
        """
        last: dict[str, Record] = {}
        rows = []
        for meter, record in records:
            rows.append((meter, record.seq, record.body, record.hash))
            last[meter] = record
            self._since_snapshot[meter] = self._since_snapshot.get(meter, 0) + 1
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
            for meter, record in last.items():
                if self._since_snapshot[meter] >= SNAPSHOT_EVERY:
                    self._db.execute(
                        "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)",
                        (meter, record.seq, record.hash, accounts[meter].dump()),
                    )
                    self._since_snapshot[meter] = 0
            self._db.execute("COMMIT")
        except BaseException:
            # A full disk has ended the transaction already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def keep(self, meter: str, what: str, body: bytes) -> None:
        """Keep a thing of a meter that is no entry (its key, the wrong codes typed), in the place of what was kept."""
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (meter, what, body))

    def kept(self, what: str) -> dict[str, bytes]:
        """What is kept under a name, by meter."""
        rows = self._db.execute("SELECT meter, body FROM kept WHERE what=?", (what,))
        return {meter: bytes(body) for meter, body in rows}

    def has(self, meter: str, seq: int, head: bytes) -> bool:
        """Whether this journal has the meter's entry `seq`, with this hash."""
        row = self._db.execute("SELECT hash FROM entry WHERE meter=? AND seq=?", (meter, seq)).fetchone()
        return row is not None and bytes(row[0]) == head

    def adopt(self, meter: str, seq: int, head: bytes, account: bytes) -> None:
        """Go on with a meter where another gateway ended: `account` as it is after entry `seq`, whose hash is `head`.
        ValueError if this journal has entries of the meter.
        """
        if self._db.execute("SELECT 1 FROM entry WHERE meter=? LIMIT 1", (meter,)).fetchone():
            raise ValueError(f"{self._path}: meter {meter} has entries here already")
        Account.load(account)
        self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)", (meter, seq, head, account))
        self.keep(meter, "adopted", b"")

    def adopted(self) -> set[str]:
        """The meters that were adopted and have not been started since."""
        found = set(self.kept("adopted"))
        return {
            meter for meter in found if not self._db.execute("SELECT 1 FROM entry WHERE meter=?", (meter,)).fetchone()
        }

    def last(self, meter: str, count: int) -> list[bytes]:
        """The bodies of a meter's last entries, the latest first."""
        rows = self._db.execute("SELECT body FROM entry WHERE meter=? ORDER BY seq DESC LIMIT ?", (meter, count))
        return [bytes(row[0]) for row in rows]

    def read(self, meter: str, first: int, last: int) -> list[bytes]:
        """The bodies of a span of entries."""
        rows = self._db.execute(
            "SELECT body FROM entry WHERE meter=? AND seq BETWEEN ? AND ? ORDER BY seq", (meter, first, last)
        )
        return [bytes(row[0]) for row in rows]
