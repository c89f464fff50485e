"""This module keeps the journal's file small. The oldest entries are packed, a few meters at a time; packs that are old
and known to the server are dropped.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping

from ..kernel.entries import EntryError, Record, decode_entry
from ..kernel.recovery import JournalDamaged
from .journal_file import JournalFull
from .packs import MOST, pack
from .shelf import Shelf

log = logging.getLogger("prewatt.edge")

TAIL, PACKED = 100, 400
"""Entries a meter, on average, that are never packed, and the entries beyond them that are packed in one round."""
PACKS_AT_ONCE = 8
FORGOTTEN_AT_ONCE = 20
"""The most packs that one call of `forget` drops."""


def set_aside(db: sqlite3.Connection, meter: str, rows: list[tuple[int, int]], at: int) -> None:
    """Within a transaction: move rows of entries (pairs of row and number) out of the journal. A row that cannot be
    read is dropped.
    """
    for row, seq in rows:
        try:
            body = db.execute("SELECT body FROM entry WHERE id=?", (row,)).fetchone()[0]
        except sqlite3.DatabaseError:
            body = None
        packed = pack([body]) if isinstance(body, bytes) else None
        db.execute("INSERT INTO set_aside VALUES (NULL, ?, ?, ?, ?, ?)", (meter, seq, seq, at, packed))
        db.execute("DELETE FROM entry WHERE id=?", (row,))


class Packing:
    """The packing of one journal. `transact` does work as one transaction."""

    def __init__(self, db: sqlite3.Connection, shelf: Shelf, transact: Callable[[Callable[[], object]], None]) -> None:
        self._db, self._shelf, self._transact = db, shelf, transact
        self._round: tuple[int, list[str]] | None = None
        self._failed = False

    def go_on(self, last: int) -> None:
        """Pack some entries if it is time, now that there are rows up to `last`. An error is logged; then the file
        grows, and nothing else happens.
        """
        if self._failed:
            return
        if self._round is None:
            meters = len(self._shelf.heads)
            if last - self._shelf.first + 1 < (TAIL + PACKED) * meters:
                return
            self._round = (last - TAIL * meters, sorted(self._shelf.live))
        bound, meters_left = self._round
        try:
            if meters_left:
                now, later = meters_left[:PACKS_AT_ONCE], meters_left[PACKS_AT_ONCE:]
                self._transact(lambda: self._pack_all(now, bound))
                self._round = (bound, later)
            else:
                self._transact(lambda: self._db.execute("DELETE FROM entry WHERE id<=?", (bound,)))
                self._shelf.drop(bound)
                self._round = None
        except JournalFull as error:
            log.warning("old entries can't be packed: %s", error)
        except (sqlite3.DatabaseError, JournalDamaged) as error:
            log.error("old entries can't be packed any more (%s): the journal only grows from now on", error)
            self._failed = True

    def _pack_all(self, meters: list[str], bound: int) -> None:
        for meter in meters:
            self._pack(meter, bound)

    def leave_out(self, meter: str) -> None:
        """Forget a meter whose rows are gone."""
        if self._round is not None:
            self._round = (self._round[0], [each for each in self._round[1] if each != meter])

    def _pack(self, meter: str, bound: int) -> None:
        """Within a transaction: pack a meter's rows up to row `bound`, and set aside what does not continue the chain."""
        live = self._shelf.live[meter]
        first = max(live.first, self._shelf.packed_to(meter) + 1)
        left = {row: seq for row, seq in live.all() if row <= bound and seq >= first}
        while left:
            run: list[Record] = []
            for row, record in self._shelf.following(meter, first - 1, self._shelf.hash_at(meter, first - 1)):
                if row > bound or len(run) == MOST:
                    break
                run.append(record)
                left.pop(row, None)
            if run:
                self._put(meter, run)
                first = run[-1].seq + 1
            else:
                first = max(first, min(left.values()))
                wrong = [(row, seq) for row, seq in left.items() if seq == first]
                for row, _seq in wrong:
                    del left[row]
                set_aside(self._db, meter, wrong, 0)
                first += 1

    def _put(self, meter: str, run: list[Record]) -> None:
        try:
            at = decode_entry(run[-1].body).at
        except EntryError:
            at = 0
        bodies = pack([record.body for record in run])
        row = (meter, run[0].seq, run[-1].seq, at, run[0].hash, run[-1].hash, bodies)
        self._db.execute("INSERT INTO pack VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", row)

    def forget(self, acknowledged: Mapping[str, int], before: int) -> int:
        """Drop packs that are older than the instant `before`, acknowledged and not needed by a snapshot, and what was
        set aside before then. Returns how many packs were dropped; call again until it is 0.
        """
        packs: list[int] = []
        for meter, seq in acknowledged.items():
            snapshots = self._shelf.snapshots.get(meter)
            oldest = "SELECT id, last, at FROM pack WHERE meter=? ORDER BY last LIMIT 1"
            needed = snapshots[0].seq if snapshots else 0
            for row, last, at in self._db.execute(oldest, (meter,)):
                if last <= min(seq, needed) and at < before and len(packs) < FORGOTTEN_AT_ONCE:
                    packs.append(row)
        aside = "SELECT id FROM set_aside WHERE at<? LIMIT ?"
        asides = [row[0] for row in self._db.execute(aside, (before, FORGOTTEN_AT_ONCE))]

        def drop() -> None:
            self._db.executemany("DELETE FROM pack WHERE id=?", [(row,) for row in packs])
            self._db.executemany("DELETE FROM set_aside WHERE id=?", [(row,) for row in asides])

        if packs or asides:
            self._transact(drop)
        return len(packs) + len(asides)
