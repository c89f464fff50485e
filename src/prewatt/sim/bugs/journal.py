"""Bugs of the gateway's journal as it lies on the flash: only runs with the real file can find them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from ...edge.journal import Journal, Loaded
from ...kernel.account import Account
from ...kernel.entries import Record
from ...kernel.recovery import JournalDamaged


@contextmanager
def copy_without_the_log() -> Iterator[None]:
    """A copy of a journal in use has only its database file, and not the write-ahead log."""

    def copy(self: Journal, target: Path) -> None:
        shutil.copyfile(self._path, target)

    with patch.object(Journal, "copy", copy):
        yield


@contextmanager
def last_entry_in_a_transaction_of_its_own() -> Iterator[None]:
    """What belongs together is written in two parts."""
    original = Journal.commit

    def commit(self: Journal, records: list[tuple[str, Record]], accounts: Mapping[str, Account]) -> None:
        for part in (records[:-1], records[-1:]):
            original(self, part, accounts if part is records[-1:] else {})

    with patch.object(Journal, "commit", commit):
        yield


@contextmanager
def end_of_a_damaged_journal_believed() -> Iterator[None]:
    """An entry that can't be read ends a journal, and nobody says so."""
    original = Journal._load

    def load(self: Journal, meter: str) -> Loaded:
        try:
            return original(self, meter)
        except JournalDamaged:
            snapshots = self._shelf.snapshots.get(meter)
            account, _, head = self._shelf.replayed(meter, snapshots[-1] if snapshots else None)
            return Loaded(account, head, repaired=True)

    with patch.object(Journal, "_load", load):
        yield


@contextmanager
def kept_things_put_beside_the_old_ones() -> Iterator[None]:
    """A new value that is kept for a meter does not replace the old one in the file."""

    def keep(self: Journal, meter: str, what: str, body: bytes) -> None:
        self._transact(lambda: self._put(meter, what, body) if (meter, what) not in self._shelf.kept else None)
        self._remember(meter, what, body)

    with patch.object(Journal, "keep", keep):
        yield


BUGS = (
    copy_without_the_log, last_entry_in_a_transaction_of_its_own, end_of_a_damaged_journal_believed,
    kept_things_put_beside_the_old_ones,
)  # fmt: skip
