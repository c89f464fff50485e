"""A gateway's flash with the product's own journal in a real file. The model of the flash is kept beside it, and both
must agree.

If a program ends, the file is as the operating system has it. After a loss of power, the file has a random part of the
last write. Rot changes a random bit of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec

from ...edge.journal import Journal, Loaded
from ...edge.journal_file import is_damage
from ...kernel.account import Account
from ...kernel.entries import Record, genesis
from ...kernel.recovery import JournalDamaged
from .flash import Copy, DiskFull, Flash

MEMORY = Path("/dev/shm")  # noqa: S108
"""A folder whose files are in memory. Not every machine has it."""


class Files(NamedTuple):
    """The files on the disk: the database and its write-ahead log."""

    database: bytes
    log: bytes


class Differs(Exception):
    """The journal's file says something that was not written into it."""


class Disk(Flash):
    """A flash with a real file. `damaged`: it was opened after rot, and `settle` must be called for each meter."""

    def __init__(self, meters: Iterable[str], snapshot_every: int) -> None:
        super().__init__(meters, snapshot_every)
        self._folder = TemporaryDirectory(prefix="prewatt-sim-", dir=MEMORY if MEMORY.is_dir() else None)
        self._opened = 0
        self.damaged = self._rotted = False
        self._holes: dict[str, set[int]] = {}
        """Entries that can't be read any more."""
        self._ever = {(meter, 0, genesis(meter)) for meter in self.records}
        """Every end, as (meter, entry, hash), that a journal here has ever had."""
        self._journal = self._open(Files(b"", b""))

    def close(self) -> None:
        """Close the file."""
        self._journal.close()
        self._folder.cleanup()

    def _path(self) -> Path:
        return Path(self._folder.name) / f"{self._opened}.sqlite"

    def _open(self, files: Files) -> Journal:
        self._opened += 1
        self._path().write_bytes(files.database)
        if files.log:
            Path(f"{self._path()}-wal").write_bytes(files.log)
        journal = Journal(self._path())
        journal.snapshot_every = self._every
        self.epoch = journal.epoch
        return journal

    def _files(self) -> Files:
        log = Path(f"{self._path()}-wal")
        return Files(self._path().read_bytes(), log.read_bytes() if log.exists() else b"")

    def _begin_from(self, files: Files) -> None:
        self._journal.close()
        self._journal = self._open(files)

    def open(self) -> None:
        """Start the program. Raises JournalDamaged if nothing of the file can be read."""
        rots, self.rots = self.rots, None
        self.damaged = rots is not None
        self._rotted = self._rotted or self.damaged
        if rots is None:
            self._begin_from(self._files())
            return
        # Whoever comes to see to it makes room, too.
        self.full = False
        # A program that ends in peace leaves no log.
        if rots.random() < 0.7:
            self._journal.close()
        self._begin_from(_rotten(self._files(), rots))

    def settle(self, meter: str) -> bool:
        """Return, after rot, whether a meter's journal differs from what it was. Raises Differs if it says something
        that was never written, JournalDamaged if it can't be read where it begins.

        A journal that can't be read begins again. Its end may be missing, because the log ends where it is broken. An
        entry before the last snapshot may be unreadable.
        """
        self._read_kept()
        before = len(self.records[meter])
        try:
            account, head, _ = self._journal.load(meter)
        except JournalDamaged:
            self.replace(meter, 0, genesis(meter), Account().dump())
            return True
        if (meter, account.seq, head) not in self._ever:
            raise Differs(f"meter {meter}: what the journal's file has up to entry {account.seq} was never written")
        kept = self._journal.kept("adopted").get(meter)
        base = msgspec.msgpack.decode(kept, type=tuple[int, bytes])[0] if kept else 0
        if base != self.bases[meter] or account.seq > self.end(meter):
            raise JournalDamaged(f"meter {meter}: where its journal begins can't be read")
        del self.records[meter][account.seq - base :]
        self._holes[meter] = {
            record.seq
            for record in self.records[meter]
            if self._journal.read(meter, record.seq, record.seq) != [record.body]
        }
        self._snapshots[meter] = (account.seq, head, account.dump())
        return len(self.records[meter]) != before

    def _read_kept(self) -> None:
        """Read again everything that is kept beside the journals."""
        names = {what for _, what in self._kept} | {"key"}
        self._kept = {(each, what): body for what in sorted(names) for each, body in self._journal.kept(what).items()}

    def load(self, meter: str) -> Loaded:
        """Return the journal's end, from the file. Raises Differs if it is not the model's."""
        modelled, real = super().load(meter), self._journal.load(meter)
        if (modelled.account.dump(), modelled.head) != (real.account.dump(), real.head):
            raise Differs(
                f"meter {meter}: its journal's file ends at entry {real.account.seq}, or otherwise; written were "
                f"{modelled.account.seq}"
            )
        return real

    def replace(self, meter: str, seq: int, head: bytes, account: bytes) -> None:
        """Begin a meter's journal after entry `seq`, in the model and in the file."""
        super().replace(meter, seq, head, account)
        self._holes.pop(meter, None)
        self._ever.add((meter, seq, head))
        self._journal.replace(meter, seq, head, account)

    def forget(self) -> None:
        """Replace the flash by an empty one, which has only the meters' keys."""
        super().forget()
        self._begin_from(Files(b"", b""))
        for (meter, what), body in self._kept.items():
            self._journal.keep(meter, what, body)

    def copy(self) -> Copy:
        """Return a copy of the model and of the file, as the product makes it."""
        target = Path(self._folder.name) / "copy.sqlite"
        target.unlink(missing_ok=True)
        self._journal.copy(target)
        holes = {meter: tuple(each) for meter, each in self._holes.items()}
        return super().copy()._replace(file=target.read_bytes(), holes=holes)

    def begins_after(self, meter: str) -> int:
        """Return the number of the last entry that can't be read. All later ones can."""
        return max(self._holes.get(meter, set()) | {self.bases[meter]})

    def holds(self, meter: str, seq: int) -> bool:
        """Return whether an entry is here. Raises Differs if model and file disagree."""
        answer = self._journal.holds(meter, seq)
        if answer != super().holds(meter, seq):
            raise Differs(f"meter {meter}: entry {seq} is {'' if answer else 'not '}said to be here")
        return answer

    def put_back(self, copy: Copy) -> None:
        """Take over a copy, in the model and in the file."""
        super().put_back(copy)
        self._holes = {meter: set(each) for meter, each in copy.holes.items()}
        self._begin_from(Files(copy.file, b""))

    def cloned(self, copy: Copy) -> Disk:
        """Return another disk with what a copy holds: two gateways now have one journal."""
        clone = Disk(self.records, self._every)
        clone._ever = self._ever
        clone.put_back(copy)
        return clone

    def commit(self, records: list[tuple[str, Record]], accounts: dict[str, Account]) -> list[tuple[str, Record]]:
        """Write entries to the file, and those that reached it to the model. Returns those that reached it. Raises
        DiskFull, or JournalDamaged after rot.
        """
        if self.full:
            raise DiskFull
        tears, self.tears = self.tears, None
        before = self._files() if tears else None
        try:
            self._journal.commit(records, accounts)
        except sqlite3.DatabaseError as error:
            if self._rotted and is_damage(error):
                raise JournalDamaged(str(error)) from None
            raise
        self._ever |= {(meter, record.seq, record.hash) for meter, record in records}
        if tears and before:
            self.torn += 1
            self._begin_from(_torn(before, self._files(), tears))
            name, record = records[-1]
            if self._journal.load(name).account.seq < record.seq:
                # It is to be all or nothing; whether it is, the next start sees.
                return []
        return super().commit(records, accounts)

    def keep(self, meter: str, what: str, body: bytes) -> None:
        """Keep something beside the journals, in the model and in the file. Raises DiskFull."""
        super().keep(meter, what, body)
        self._journal.keep(meter, what, body)

    def kept(self, what: str) -> dict[str, bytes]:
        """Return what is kept under a name, by meter. Raises Differs if model and file disagree."""
        kept = self._journal.kept(what)
        if kept != super().kept(what):
            raise Differs(f"what is kept as {what!r} is not what was written")
        return kept

    def read(self, meter: str, first: int, last: int) -> list[bytes]:
        """Return the entries from `first` to `last` as far as they can be read. Raises Differs if they are not the
        model's.
        """
        records = self._journal.read(meter, first, last)
        end = min([last, *(seq - 1 for seq in self._holes.get(meter, ()) if seq >= first)])
        if records != super().read(meter, first, end):
            raise Differs(f"meter {meter}: entries {first} to {last} are read otherwise than they were written")
        return records

    def hash_at(self, meter: str, seq: int) -> bytes | None:
        """Return the hash of an entry; None if it can't be known. Raises Differs if it is not the model's."""
        hash_, modelled = self._journal.hash_at(meter, seq), super().hash_at(meter, seq)
        if modelled is not None and hash_ != modelled and not (hash_ is None and self._holes.get(meter)):
            raise Differs(f"meter {meter}: the hash of entry {seq} is not the one that was written")
        return hash_


def _torn(before: Files, after: Files, dice: Random) -> Files:
    """Return what is on the disk if the power fails during a write: a part of the log's new end."""
    if after.database != before.database or len(after.log) <= len(before.log):
        return before
    return Files(after.database, after.log[: dice.randrange(len(before.log), len(after.log) + 1)])


def _rotten(files: Files, dice: Random) -> Files:
    """Return bytes in which some random bits are changed."""
    whole = bytearray(files.database + files.log)
    for _ in range(dice.choice((1, 1, 4))):
        whole[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
    return Files(bytes(whole[: len(files.database)]), bytes(whole[len(files.database) :]))
