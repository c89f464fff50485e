"""The gateway's flash: journals, snapshots and other stored values, with the methods of `edge.journal.Journal`."""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterable, Mapping
from random import Random
from typing import NamedTuple

from ...edge.journal import Loaded
from ...kernel import entries, recovery
from ...kernel.account import Account
from ...kernel.entries import Record, decode_entry, genesis


class DiskFull(OSError):
    """There is no room to write more."""

    def __init__(self) -> None:
        super().__init__(errno.ENOSPC, "no space left")


class Copy(NamedTuple):
    """A copy of all that was on a flash."""

    records: dict[str, list[Record]]
    bases: dict[str, int]
    epoch: int
    kept: dict[tuple[str, str], bytes]
    snapshots: dict[str, tuple[int, bytes, bytes]]
    roots: Mapping[str, bytes]
    file: bytes = b""
    holes: Mapping[str, Collection[int]] = {}


class Dropped(Exception):
    """Whole entries were dropped together with a torn one."""


class Flash:
    """All durable data of one gateway."""

    def __init__(self, meters: Iterable[str], snapshot_every: int) -> None:
        self.records: dict[str, list[Record]] = {name: [] for name in meters}
        self.bases = dict.fromkeys(self.records, 0)
        """By meter, the number of the entry before the first one that is here."""
        self.roots = {name: genesis(name) for name in self.records}
        """By meter, the hash of that entry."""
        self.epoch = 0
        self.full = False
        self.tears: Random | None = None
        """Set: the power fails in the middle of the next write."""
        self.torn = 0
        self.rots: Random | None = None
        """Set: some bits of the file are changed before the next start."""
        self._every = snapshot_every
        self._kept: dict[tuple[str, str], bytes] = {}
        self._snapshots: dict[str, tuple[int, bytes, bytes]] = {}

    def open(self) -> None:
        """Start the program on this flash."""
        self.epoch += 1

    def close(self) -> None:
        """End the use of this flash."""

    def load(self, meter: str) -> Loaded:
        """Replay a journal from its last snapshot, and drop a torn last entry. Raises Dropped if more is lost."""
        base = self.bases[meter]
        seq, head, saved = self._snapshots.get(meter, (0, genesis(meter), b""))
        account = Account.load(saved) if saved else Account()
        records = self.records[meter]
        whole = _whole(records)
        recovered = recovery.recover(head, seq + 1, records[seq - base :])
        del records[seq - base + recovered.whole :]
        if len(records) != whole:
            raise Dropped(f"meter {meter}: {whole - len(records)} whole entries were dropped with the torn one")
        for record in records[seq - base :]:
            account.apply(decode_entry(record.body))
        return Loaded(account, records[-1].hash if records else head, recovered.torn)

    def replace(self, meter: str, seq: int, head: bytes, account: bytes) -> None:
        """Go on with a meter from another state, and set its old entries aside."""
        if self.full:
            raise DiskFull
        self.records[meter], self.bases[meter], self.roots[meter] = [], seq, head
        self._snapshots[meter] = (seq, head, account)

    def forget(self) -> None:
        """Replace the flash by an empty one, which has only the meters' keys."""
        self.epoch, self.full, self.tears = 0, False, None
        self._kept = {key: body for key, body in self._kept.items() if key[1] == "key"}

    def copy(self) -> Copy:
        """Return a copy of all that is on the flash now."""
        records = {name: each[: _whole(each)] for name, each in self.records.items()}
        return Copy(records, dict(self.bases), self.epoch, dict(self._kept), dict(self._snapshots), dict(self.roots))

    def put_back(self, copy: Copy) -> None:
        """Put a copy back on the flash."""
        self.records = {name: list(each) for name, each in copy.records.items()}
        self.bases, self.epoch = dict(copy.bases), copy.epoch
        self._kept, self._snapshots, self.roots = dict(copy.kept), dict(copy.snapshots), dict(copy.roots)

    def cloned(self, copy: Copy) -> Flash:
        """Return another flash with the content of a copy."""
        clone = type(self)(self.records, self._every)
        clone.put_back(copy)
        return clone

    def commit(self, records: list[tuple[str, Record]], accounts: dict[str, Account]) -> list[tuple[str, Record]]:
        """Append records: all of them, or only the first ones if the power fails. Returns those that are durable.
        Raises DiskFull, and then nothing has changed.
        """
        if self.full:
            raise DiskFull
        whole = self.tears.randrange(len(records)) if self.tears else len(records)
        done = records[:whole]
        for name, record in done:
            self.records[name].append(record)
        if self.tears:
            name, record = records[whole]
            torn = record.body[: self.tears.randrange(len(record.body))]
            self.records[name].append(Record(record.seq, torn, record.hash))
            self.torn += 1
            return done
        for name, record in done:
            last = self._snapshots.get(name, (0,))[0]
            if record.seq - last >= self._every and accounts[name].seq == record.seq:
                self._snapshots[name] = (record.seq, record.hash, accounts[name].dump())
        return done

    def keep(self, meter: str, what: str, body: bytes) -> None:
        """Keep something beside the journals. Raises DiskFull."""
        if self.full:
            raise DiskFull
        self._kept[meter, what] = body

    def kept(self, what: str) -> dict[str, bytes]:
        """Return what is kept under a name, by meter."""
        return {meter: body for (meter, each), body in self._kept.items() if each == what}

    def read(self, meter: str, first: int, last: int) -> list[bytes]:
        """Return the entries from `first` to `last`; nothing if `first` was dropped."""
        base = self.bases[meter]
        return self.written(meter, first, last) if first > base else []

    def written(self, meter: str, first: int, last: int) -> list[bytes]:
        """Return entries as they were written, whether or not they can be read."""
        base = self.bases[meter]
        return [record.body for record in self.records[meter][max(first - 1 - base, 0) : max(last - base, 0)]]

    def begins_after(self, meter: str) -> int:
        """Return the number of the last entry that can't be given any more. All later ones can."""
        return self.bases[meter]

    def holds(self, meter: str, seq: int) -> bool:
        """Return whether an entry was written here."""
        return self.bases[meter] < seq <= self.end(meter)

    def end(self, meter: str) -> int:
        """Return the number of a meter's last entry."""
        return self.bases[meter] + len(self.records[meter])

    def hash_at(self, meter: str, seq: int) -> bytes | None:
        """Return the hash of an entry; None if it is not here."""
        base, records = self.bases[meter], self.records[meter]
        if seq == base:
            return genesis(meter) if not base else self._base_hash(meter)
        return records[seq - base - 1].hash if 0 < seq - base <= len(records) else None

    def _base_hash(self, meter: str) -> bytes | None:
        seq, head, _ = self._snapshots[meter]
        return head if seq == self.bases[meter] else None


def _whole(records: list[Record]) -> int:
    """Return how many records are whole. This does not use the tested code. Only the last record can be torn."""
    if not records:
        return 0
    try:
        decode_entry(records[-1].body)
    except entries.EntryError:
        return len(records) - 1
    return len(records)
