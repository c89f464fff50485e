"""The shelf knows where the entries, heads and snapshots of each meter lie in the journal's file, and reads them. Every
entry is compared with the chain, so that bytes that were never written are never taken for an entry.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from ..kernel.account import Account
from ..kernel.entries import Record, chain, decode_entry, genesis
from ..kernel.recovery import JournalDamaged
from .journal_file import digest, readable
from .packs import unpack


class Place(NamedTuple):
    """A row of the file, the number of the entry it belongs to, and the hash of that entry."""

    id: int
    seq: int
    hash: bytes


class Live:
    """The places of a meter's entries that are not packed: `ids[n]` is the row of entry `first + n`. `odd`: rows that
    do not follow the row before, by their number.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self.ids = array("q")
        self.odd: dict[int, list[int]] = {}

    def add(self, seq: int, row: int) -> None:
        """Add the row of entry `seq`."""
        if seq == self.first + len(self.ids):
            self.ids.append(row)
        else:
            self.odd.setdefault(seq, []).append(row)

    def rows(self, seq: int) -> list[int]:
        """Return the rows that may hold entry `seq`."""
        index = seq - self.first
        return [*([self.ids[index]] if 0 <= index < len(self.ids) else []), *self.odd.get(seq, ())]

    def all(self) -> list[tuple[int, int]]:
        """Return pairs of (row, number), in the order of the rows."""
        rows = [(row, self.first + index) for index, row in enumerate(self.ids)]
        return sorted(rows + [(row, seq) for seq, odd in self.odd.items() for row in odd])


class Shelf:
    """The places of everything in the file, which are found when the shelf is made.

    `first`: the lowest row of an entry, 0 if there is none. `kept`: the stored memory, by meter and name. `broken`:
    parts of the memory that cannot be read, in words. `bad_snapshots`: rows of unreadable snapshots, by meter. Every
    method raises sqlite3.DatabaseError if the file cannot be read.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.first = 0
        self.live: dict[str, Live] = {}
        self.heads: dict[str, list[Place]] = {}
        self.snapshots: dict[str, list[Place]] = {}
        self.bad_snapshots: dict[str, list[int]] = {}
        self.kept: dict[tuple[str, str], tuple[int, bytes]] = {}
        self.broken: list[str] = []
        for row, meter, seq in readable(db, "entry", "meter, seq"):
            if isinstance(meter, str) and isinstance(seq, int):
                self.add(meter, seq, row)
        for row, meter, seq, head in readable(db, "head", "meter, seq, hash"):
            if isinstance(meter, str) and isinstance(seq, int) and isinstance(head, bytes):
                self.heads.setdefault(meter, []).append(Place(row, seq, head))
        self._read_snapshots(db)
        self._read_kept(db)

    def _read_snapshots(self, db: sqlite3.Connection) -> None:
        for row, meter, seq, head, account, proof in readable(db, "snapshot", "meter, seq, hash, account, digest"):
            if digest(meter, seq, head, account) == proof:
                self.snapshots.setdefault(meter, []).append(Place(row, seq, head))
            else:
                self.bad_snapshots.setdefault(str(meter), []).append(row)

    def _read_kept(self, db: sqlite3.Connection) -> None:
        for row, meter, what, body, proof in readable(db, "kept", "meter, what, body, digest"):
            if digest(meter, what, body) == proof:
                self.kept[meter, what] = (row, body)
            else:
                self.broken.append(
                    f"{what!r}, kept of meter {meter!r}, can't be read: it is as if it had not been kept"
                )

    def add(self, meter: str, seq: int, row: int) -> None:
        """Note that entry `seq` of a meter lies in `row`."""
        self.first = self.first or row
        live = self.live.get(meter)
        if live is None:
            live = self.live[meter] = Live(seq)
        live.add(seq, row)

    def drop(self, bound: int) -> None:
        """Forget the rows of entries up to `bound`."""
        before, self.live = self.live, {}
        for meter, live in before.items():
            for row, seq in live.all():
                if row > bound:
                    self.add(meter, seq, row)
        self.first = bound + 1

    def end(self, meter: str) -> Place:
        """Return the place where a meter's journal ends, by its head. `id` is 0 if it is empty."""
        heads = self.heads.get(meter)
        return heads[0] if heads else Place(0, 0, genesis(meter))

    def knows(self, meter: str) -> bool:
        """Return whether the file has anything of a meter besides its head."""
        return any(meter in places for places in (self.live, self.snapshots, self.bad_snapshots)) or bool(
            self.packed_to(meter)
        )

    def replayed(self, meter: str, snapshot: Place | None) -> tuple[Account, int, bytes]:
        """Return the account after all entries that follow a snapshot (None: from the beginning), and the number and
        hash of the last entry. Raises what an unreadable snapshot or entry raises.
        """
        if snapshot is None:
            account, seq, head = Account(), 0, genesis(meter)
        else:
            row = self._db.execute("SELECT account FROM snapshot WHERE id=?", (snapshot.id,)).fetchone()
            account, seq, head = Account.load(row[0]), snapshot.seq, snapshot.hash
            if account.seq != seq:
                raise JournalDamaged(f"the snapshot of entry {seq} is one of entry {account.seq}")
        for _row, record in self.following(meter, seq, head):
            account.apply(decode_entry(record.body))
            seq, head = record.seq, record.hash
        return account, seq, head

    def following(self, meter: str, seq: int, head: bytes | None) -> Iterator[tuple[int, Record]]:
        """Yield the entries that continue the chain after entry `seq`, with their rows (0: packed). `head`: the hash of
        entry `seq`; if it is None, the first entry is believed.
        """
        live = self.live.get(meter)
        if live is None or seq + 1 < live.first:
            for record in self.packed(meter, seq + 1):
                if record.seq == seq + 1 and (head is None or chain(head, record.body) == record.hash):
                    yield 0, record
                    seq, head = record.seq, record.hash
        while live is not None:
            following = self._next(live, seq, head)
            if following is None:
                return
            yield following
            seq, head = following[1].seq, following[1].hash

    def _next(self, live: Live, seq: int, head: bytes | None) -> tuple[int, Record] | None:
        """Return the entry that continues the chain after entry `seq`, with its row; None if there is none. Of several rows
        with its number, the last that continues the chain counts.
        """
        following: tuple[int, Record] | None = None
        for row in live.rows(seq + 1):
            body, stored = self._entry(row)
            if isinstance(body, bytes) and (head is None or chain(head, body) == stored):
                following = row, Record(seq + 1, body, bytes(stored or b""))
        return following

    def _entry(self, row: int) -> tuple[object, bytes | None]:
        """Return the body and the hash in a row."""
        entry: tuple[object, bytes | None] | None
        entry = self._db.execute("SELECT body, hash FROM entry WHERE id=?", (row,)).fetchone()
        return entry or (None, None)

    def packed(self, meter: str, first: int) -> Iterator[Record]:
        """Yield the packed entries of a meter, beginning with the pack that holds entry `first`."""
        one = "SELECT bodies, first, last, begin, hash FROM pack WHERE meter=? AND last>=? ORDER BY last LIMIT 1"
        while row := self._db.execute(one, (meter, first)).fetchone():
            yield from unpack(*row)
            first = row[2] + 1

    def packed_to(self, meter: str) -> int:
        """Return the number of the last packed entry of a meter; 0 if none is packed."""
        return int(self._db.execute("SELECT max(last) FROM pack WHERE meter=?", (meter,)).fetchone()[0] or 0)

    def begins(self, meter: str) -> int:
        """Return the number of a meter's first entry here, as far as that is known; 0 if there is none."""
        packed = self._db.execute("SELECT min(first) FROM pack WHERE meter=?", (meter,)).fetchone()[0]
        live = self.live.get(meter)
        return min((first for first in (packed, live.first if live else None) if first), default=0)

    def hash_at(self, meter: str, seq: int) -> bytes | None:
        """Return the hash of a meter's entry `seq`; None if the entry is not here, or is damaged."""
        if seq == 0:
            return genesis(meter)
        for place in self.heads.get(meter, []) + self.snapshots.get(meter, []):
            if place.seq == seq:
                return place.hash
        before: bytes | None = None
        live = self.live.get(meter)
        if live is not None and live.first < seq:
            rows = live.rows(seq - 1)
            before = self._entry(rows[0])[1] if rows else None
        if live is None or seq < live.first:
            for record in self.packed(meter, seq):
                if record.seq == seq:
                    return record.hash
            return None
        for _row, record in self.following(meter, seq - 1, before):
            return record.hash
        return None
