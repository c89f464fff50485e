"""The journal on the gateway's flash: SQLite, WAL, synchronous=FULL. `docs/programmer/journal.md` documents the file.

Entries are appended in the order in which they come, so that a commit touches a few pages, whatever the number of
meters. When many have gathered, the oldest are packed, each meter's separately (`packing`). Where they lie is held in
memory (`shelf`).

One process owns the file; a second process that tries to open it is refused.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec

from ..kernel.account import Account
from ..kernel.decoding import UNREADABLE
from ..kernel.entries import Record, genesis
from ..kernel.recovery import JournalDamaged
from .journal_file import JournalFull, digest, explained, open_file
from .packing import Packing, set_aside
from .packs import MOST
from .reserve import Reserve
from .shelf import Place, Shelf

log = logging.getLogger("prewatt.edge")

SNAPSHOT_EVERY = 100
COPIED_AT_ONCE, COPY_PAUSE = 256, 0.002
"""The pages that a copy reads before it lets others use the file, and the seconds that it waits for them."""


class Loaded(NamedTuple):
    """A meter's account replayed from its journal, the head of the chain, and whether an unreadable snapshot was
    skipped.
    """

    account: Account
    head: bytes
    repaired: bool


class Journal:
    """The journals of one gateway's meters.

    `epoch` counts how often writing into the file has begun. `full`: there is no room to write, until `begin` finds
    some. `broken`: parts of the memory that cannot be read, in words. `snapshot_every`: entries after which a meter's
    account is stored as a snapshot, so that a start need not replay a year. `reserve`: the room for a full disk.
    Opening raises BlockingIOError if another process has the file open, ValueError if it cannot be opened or is of a
    newer format, JournalDamaged if it cannot be read, JournalFull if there is no room to make it.
    """

    def __init__(self, path: Path, reserve: Reserve | None = None) -> None:
        self._path, self._reserve = path, reserve
        self._copying, self._closing = threading.Lock(), False
        self.snapshot_every = SNAPSHOT_EVERY
        try:
            self._db = open_file(path)
        except JournalFull:
            if reserve is None or not reserve.give_up():
                raise
            self._db = open_file(path)
        self.full = False
        try:
            self._shelf = Shelf(self._db)
            self._next = {
                table: (self._db.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0) + 1  # noqa: S608
                for table in ("entry", "head", "snapshot", "kept")
            }
            self.broken = tuple(self._shelf.broken)
            self._packing = Packing(self._db, self._shelf, self._transact)
            self.epoch = int(self.kept("epoch").get("", b"0"))
            with contextlib.suppress(JournalFull):
                self.begin()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise explained(path, error) from None

    def begin(self) -> None:
        """Begin to write, under a new epoch. Raises JournalFull if there is no room."""
        epoch = max(self.epoch, int(self.kept("epoch").get("", b"0"))) + 1
        self.keep("", "epoch", str(epoch).encode())
        self.epoch = epoch
        self.full = False

    def close(self) -> None:
        """Close the file, after a copy that is running has stopped."""
        self._closing = True
        with self._copying:
            self._db.close()

    def copy(self, target: Path) -> None:
        """Write the whole journal, as it is at one moment, into a new file. This works from any thread while entries
        are being written. Raises sqlite3.OperationalError if the journal is closed before the copy is complete.
        """
        with self._copying, contextlib.closing(sqlite3.connect(target)) as copied:
            # SQLite lets its connection be shared, and what is written through it goes into the copy too.
            self._db.backup(copied, pages=COPIED_AT_ONCE, progress=self._let_others, sleep=COPY_PAUSE)

    def _let_others(self, *_: int) -> None:
        if self._closing:
            raise sqlite3.OperationalError("the journal was closed")
        time.sleep(COPY_PAUSE)

    # -- reading -----------------------------------------------------------------------------------------------------

    def load(self, meter: str) -> Loaded:
        """Replay a meter's journal up to its head. An unreadable snapshot is skipped if the entries are there. Raises
        JournalDamaged, naming file and meter, if the entries do not lead to the head: then nothing is changed.
        """
        try:
            return self._load(meter)
        except (JournalDamaged, sqlite3.DatabaseError) as error:
            raise JournalDamaged(f"{self._path}, meter {meter}: {error}") from None

    def _load(self, meter: str) -> Loaded:
        shelf = self._shelf
        heads = shelf.heads.get(meter, [])
        if not heads:
            if shelf.knows(meter):
                raise JournalDamaged("it has entries, but the number of the last one can't be read")
            return Loaded(Account(), genesis(meter), repaired=False)
        snapshots = sorted(shelf.snapshots.get(meter, []), key=lambda each: -each.seq)
        bad = len(shelf.bad_snapshots.get(meter, []))
        problem = ""
        for snapshot in (*snapshots, None):
            try:
                account, seq, head = shelf.replayed(meter, snapshot)
            except (JournalDamaged, AssertionError, ValueError, *UNREADABLE) as error:
                problem = problem or str(error)
                bad += 1
                continue
            ends = [each for each in heads if each[1:] == (seq, head)]
            if ends:
                shelf.heads[meter] = ends
                return Loaded(account, head, repaired=bad > 0)
            problem = problem or f"entry {seq + 1} is not as it was written, or missing; it went to {heads[0].seq}"
            bad += 1
        raise JournalDamaged(problem)

    def hash_at(self, meter: str, seq: int) -> bytes | None:
        """Return the hash of a meter's entry `seq`; None if the entry is not here, or is damaged."""
        adopted = self._adopted_at(meter)
        if adopted is not None and adopted[0] == seq:
            return adopted[1]
        try:
            return self._shelf.hash_at(meter, seq)
        except (JournalDamaged, sqlite3.DatabaseError) as error:
            # Those that follow can be right all the same.
            log.error("%s, meter %s, entry %d: %s", self._path, meter, seq, error)
            return None

    def has(self, meter: str, seq: int, head: bytes) -> bool:
        """Return whether this journal has the meter's entry `seq`, with this hash."""
        return self.hash_at(meter, seq) == head

    def read(self, meter: str, first: int, last: int) -> list[bytes]:
        """Return the bodies of a span of entries. It ends before an entry that is not here, or is damaged."""
        bodies = []
        try:
            for _row, record in self._shelf.following(meter, first - 1, self.hash_at(meter, first - 1)):
                if record.seq > last:
                    break
                bodies.append(record.body)
        except (JournalDamaged, sqlite3.DatabaseError) as error:
            log.error("%s, meter %s, entries %d to %d: %s", self._path, meter, first, last, error)
        return bodies

    def holds(self, meter: str, seq: int) -> bool:
        """Return whether entry `seq` was written into this journal and not dropped since. If it cannot be read, it is
        damaged.
        """
        try:
            begins = self._shelf.begins(meter)
        except sqlite3.DatabaseError:
            begins = 1
        return 0 < begins <= seq <= self._shelf.end(meter).seq

    def last(self, meter: str, count: int) -> Iterator[bytes]:
        """Yield the bodies of a meter's last entries, the latest first."""
        end, adopted = self._shelf.end(meter).seq, self._adopted_at(meter)
        # What was before the state that it was taken over with is not here.
        before = max(end - count, adopted[0] if adopted else 0)
        for last in range(end, before, -MOST):
            first = max(last - MOST, before) + 1
            bodies = self.read(meter, first, last)
            yield from reversed(bodies)
            if len(bodies) < last - first + 1:
                return

    def kept(self, what: str) -> dict[str, bytes]:
        """Return what is stored under a name, by meter."""
        return {meter: body for (meter, name), (_, body) in self._shelf.kept.items() if name == what}

    def _adopted_at(self, meter: str) -> tuple[int, bytes] | None:
        _row, kept = self._shelf.kept.get((meter, "adopted"), (0, None))
        return msgspec.msgpack.decode(kept, type=tuple[int, bytes]) if kept is not None else None

    def adopted(self) -> set[str]:
        """Return the meters that were taken over from the server's state and have no entry since."""
        return {meter for meter in self.kept("adopted") if self._adopted_at(meter) == self._shelf.end(meter)[1:]}

    # -- writing -----------------------------------------------------------------------------------------------------

    def _transact(self, work: Callable[[], object]) -> None:
        """Do `work` as one transaction, which is on the flash when this returns. Raises JournalFull if there is no
        room, and no reserve left.
        """
        while True:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                work()
                self._db.execute("COMMIT")
                return
            except BaseException as error:
                # A full disk has ended the transaction already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if getattr(error, "sqlite_errorname", "") != "SQLITE_FULL":
                    raise
                if self._reserve is None or not self._reserve.give_up():
                    self.full = True
                    raise JournalFull(f"{self._path}: can't be written ({error})") from None
                log.warning("%s: the disk is full, its reserve is given up", self._path)

    def _put_snapshot(self, meter: str, place: Place, account: bytes) -> None:
        """Write a snapshot, and drop those before the last one. The caller holds the transaction."""
        proof = digest(meter, place.seq, place.hash, account)
        self._db.execute(
            "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?)", (place.id, meter, place.seq, place.hash, account, proof)
        )
        shelf = self._shelf
        gone = [each.id for each in shelf.snapshots.get(meter, [])[:-1]] + shelf.bad_snapshots.get(meter, [])
        self._db.executemany("DELETE FROM snapshot WHERE id=?", [(each,) for each in gone])

    def commit(self, records: Iterable[tuple[str, Record]], accounts: Mapping[str, Account]) -> None:
        """Append records in one transaction, which is on the flash when this returns. Raises JournalFull if there is no
        room.

        `accounts`: the accounts after these records, for snapshots. One that is further on, because more records are
        yet to be committed, is left out.
        """
        shelf = self._shelf
        ends: dict[str, Place] = {}
        rows: list[tuple[int, str, int, bytes, bytes]] = []
        for meter, record in records:
            end = ends.get(meter) or self._shelf.end(meter)
            if record.seq != end.seq + 1:
                raise AssertionError(f"meter {meter}: entry {record.seq} does not follow entry {end.seq}")
            rows.append((self._next["entry"] + len(rows), meter, *record))
            ends[meter] = Place(end.id, record.seq, record.hash)
        heads = [Place(end.id or self._next["head"] + index, *end[1:]) for index, end in enumerate(ends.values())]
        due = [
            (meter, end)
            for meter, end in ends.items()
            # Of several commits one after the other, the account is that of the last.
            if meter in accounts and accounts[meter].seq == end.seq and self._snapshot_due(meter, end.seq)
        ]
        snapshots = {meter: Place(self._next["snapshot"] + index, *end[1:]) for index, (meter, end) in enumerate(due)}

        def append() -> None:
            self._db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            self._db.executemany(
                "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)",
                [(head.id, meter, head.seq, head.hash) for meter, head in zip(ends, heads, strict=True)],
            )
            for meter, place in snapshots.items():
                self._put_snapshot(meter, place, accounts[meter].dump())

        self._transact(append)
        for row, meter, seq, *_ in rows:
            shelf.add(meter, seq, row)
        for meter, head in zip(ends, heads, strict=True):
            shelf.heads[meter] = [head]
        for meter, taken in snapshots.items():
            # The one before is kept too: if this one can't be read, its entries are replayed from there.
            shelf.snapshots[meter] = [*shelf.snapshots.get(meter, [])[-1:], taken]
            shelf.bad_snapshots.pop(meter, None)
        self._next["entry"] += len(rows)
        self._next["head"] += len(heads)
        self._next["snapshot"] += len(snapshots)
        self._packing.go_on(self._next["entry"] - 1)

    def _snapshot_due(self, meter: str, seq: int) -> bool:
        """Return whether a meter's snapshot is due. The meters take turns, so that no commit makes all of them."""
        if self._shelf.bad_snapshots.get(meter):
            return True
        turn = crc32(meter.encode()) % self.snapshot_every
        snapshots = self._shelf.snapshots.get(meter)
        before = snapshots[-1].seq if snapshots else 0
        return (seq + turn) // self.snapshot_every > (before + turn) // self.snapshot_every

    def keep(self, meter: str, what: str, body: bytes) -> None:
        """Store something of a meter that is not an entry (its key, the wrong codes typed), in the place of the older
        value. Raises JournalFull if there is no room.
        """
        self._transact(lambda: self._put(meter, what, body))
        self._remember(meter, what, body)

    def _put(self, meter: str, what: str, body: bytes) -> None:
        row = self._shelf.kept.get((meter, what), (self._next["kept"], b""))[0]
        self._db.execute(
            "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", (row, meter, what, body, digest(meter, what, body))
        )

    def _remember(self, meter: str, what: str, body: bytes) -> None:
        row = self._shelf.kept.get((meter, what), (self._next["kept"], b""))[0]
        self._shelf.kept[meter, what] = (row, body)
        self._next["kept"] = max(self._next["kept"], row + 1)

    def replace(self, meter: str, seq: int, head: bytes, account: bytes) -> None:
        """Continue a meter from the server's state: `account` after entry `seq`, whose hash is `head`. What this
        journal has of the meter is set aside: another gateway had the meter, the file was restored from a copy, or it
        is damaged. Raises ValueError if the account cannot be read; then nothing is changed.
        """
        at = Account.load(account).at
        shelf, base = self._shelf, msgspec.msgpack.encode((seq, head))
        live = shelf.live.get(meter)
        heads = [each.id for each in shelf.heads.get(meter, [])]
        snapshots = [each.id for each in shelf.snapshots.get(meter, [])] + shelf.bad_snapshots.get(meter, [])
        end, taken = Place(self._next["head"], seq, head), Place(self._next["snapshot"], seq, head)

        def put() -> None:
            set_aside(self._db, meter, live.all() if live else [], at)
            self._db.execute(
                "INSERT INTO set_aside SELECT NULL, meter, first, last, ?, bodies FROM pack WHERE meter=?", (at, meter)
            )
            self._db.execute("DELETE FROM pack WHERE meter=?", (meter,))
            self._db.executemany("DELETE FROM head WHERE id=?", [(row,) for row in heads])
            self._db.executemany("DELETE FROM snapshot WHERE id=?", [(row,) for row in snapshots])
            self._db.execute("INSERT INTO head VALUES (?, ?, ?, ?)", (end.id, meter, seq, head))
            proof = digest(meter, seq, head, account)
            self._db.execute(
                "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?)", (taken.id, meter, seq, head, account, proof)
            )
            self._put(meter, "adopted", base)

        self._transact(put)
        self._remember(meter, "adopted", base)
        self._packing.leave_out(meter)
        shelf.live.pop(meter, None)
        shelf.bad_snapshots.pop(meter, None)
        shelf.heads[meter], shelf.snapshots[meter] = [end], [taken]
        self._next["head"] += 1
        self._next["snapshot"] += 1

    def forget(self, acknowledged: Mapping[str, int], before: int) -> int:
        """Drop entries that are older than the instant `before`, acknowledged by the server (up to which entry, by
        meter) and not needed by a snapshot. Returns how many packs were dropped; call again until it is 0.
        """
        return self._packing.forget(acknowledged, before)
