"""The gateway's journal: durable commits beside what SQLite makes of the same rows, what an entry takes on the flash and how
much is written for it, and the start after a full year.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from bench.measure import best, show
from prewatt.edge.journal import Journal
from prewatt.edge.journal_file import digest
from prewatt.edge.packs import pack
from prewatt.kernel.account import Account
from prewatt.kernel.entries import AnyEntry, Command, GrantCredit, Record, SetTariff, chain, encode_entry, genesis
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import MINUTE

METERS, STEPS = 250, 20
YEAR = 35_040
"""Readings of a meter in a year, a quarter of an hour apart."""
STEPS_A_DAY = 96
BEGIN = 1_767_225_600_000_000


class Building:
    """All meters, read at the same instants: one batch an instant."""

    def __init__(self) -> None:
        self.accounts = {f"m{number}": Account() for number in range(METERS)}
        self.heads = {name: genesis(name) for name in self.accounts}
        self._step = 0

    def orders(self) -> list[tuple[str, Record]]:
        """A tariff and a credit for each."""
        tariff = flat_tariff("flat", "EUR", "Europe/Berlin", 301_234)
        batch = []
        for name in self.accounts:
            for number, order in enumerate((SetTariff(0, tariff), GrantCredit(f"top-up-{name}", 10**15)), 1):
                entry = self.accounts[name].follow(BEGIN, Command(name, number, BEGIN, order))
                batch.append(self._append(name, entry))
        return batch

    def read(self) -> list[tuple[str, Record]]:
        self._step += 1
        at = BEGIN + self._step * 15 * MINUTE
        batch = []
        for number, (name, account) in enumerate(self.accounts.items()):
            used = (self._step * 7919 + number * 104_729) % 263
            batch.append(self._append(name, account.read(at, (account.register or 0) + used)))
        return batch

    def _append(self, name: str, entry: AnyEntry) -> tuple[str, Record]:
        self.accounts[name].apply(entry)
        body = encode_entry(entry)
        self.heads[name] = chain(self.heads[name], body)
        return name, Record(entry.seq, body, self.heads[name])


def commits() -> None:
    building = Building()
    made = [building.orders(), *(building.read() for _ in range(STEPS))]
    entries = sum(len(batch) for batch in made)

    def ours() -> None:
        with tempfile.TemporaryDirectory() as folder:
            journal = Journal(Path(folder) / "journal.sqlite3")
            for batch in made:
                journal.commit(batch, building.accounts)
            assert len(journal.read("m0", 1, YEAR)) == STEPS + 2
            journal.close()

    def theirs() -> None:
        with tempfile.TemporaryDirectory() as folder:
            database = sqlite3.connect(Path(folder) / "raw.sqlite3", isolation_level=None)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.execute(
                "CREATE TABLE entry (meter TEXT, seq INTEGER, body BLOB, hash BLOB, PRIMARY KEY (meter, seq)) WITHOUT ROWID"
            )
            for batch in made:
                database.execute("BEGIN IMMEDIATE")
                database.executemany(
                    "INSERT INTO entry VALUES (?, ?, ?, ?)", [(name, *record) for name, record in batch]
                )
                database.execute("COMMIT")
            database.close()

    show(f"journal: entries, {METERS} a commit", entries / best(ours), "SQLite, same rows", entries / best(theirs))


def written() -> int:
    """Bytes that this process has had written to disks, as Linux counts them."""
    return int(Path("/proc/self/io").read_text().split("write_bytes: ")[1].split()[0])


def flash(days: int = 12) -> None:
    """Live for some days, three rounds of packing long."""
    building = Building()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite3"
        journal = Journal(path)
        journal.commit(building.orders(), building.accounts)
        before = written()
        for _ in range(days * STEPS_A_DAY):
            journal.commit(building.read(), building.accounts)
        amount = (written() - before) / days / METERS
        assert len(journal.read("m7", 1, YEAR)) == days * STEPS_A_DAY + 2
        journal.close()
    print(f"{'journal: written a meter and day':<42} {amount / 1000:>12.1f} kB")


def year(path: Path) -> dict[str, Account]:
    """The file as it is after a full year: what is older than the last days is packed. Made without replaying it all."""
    building = Building()
    journal = Journal(path)
    journal.commit(building.orders(), building.accounts)
    for _ in range(450):
        journal.commit(building.read(), building.accounts)
    # Each meter's own packs differ from these in their numbers, not in their size.
    bodies = journal.read("m0", 3, 402)
    journal.close()
    packed, proof = pack(bodies), digest("")
    with sqlite3.connect(path, isolation_level=None) as database:
        database.execute("BEGIN")
        for number in range(YEAR // 400):
            rows = [
                (name, -number * 400 - 399, -number * 400, BEGIN, proof, proof, packed) for name in building.accounts
            ]
            database.executemany("INSERT INTO pack VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("COMMIT")
    database.close()
    return building.accounts


def start() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite3"
        accounts = year(path)
        took = []
        for _ in range(3):
            begin = time.perf_counter()
            journal = Journal(path)
            loaded = {name: journal.load(name) for name in accounts}
            took.append(time.perf_counter() - begin)
            journal.close()
            assert all(each.account.dump() == accounts[name].dump() for name, each in loaded.items())
        size = path.stat().st_size
    print(f"{'journal: start, ' + str(METERS) + ' meters, a full year':<42} {min(took):>12.2f} s   limit: 2.00 s")
    entry = size / METERS / YEAR
    print(f"{'journal: the file after that year':<42} {size / 1e6:>12,.0f} MB")
    print(f"{'journal: an entry takes':<42} {entry:>12.1f} bytes: {entry * METERS * STEPS_A_DAY / 1e6:.2f} MB a day")


def main() -> None:
    commits()
    flash()
    start()


if __name__ == "__main__":
    main()
