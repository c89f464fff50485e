"""How many durable commits a gateway's journal makes, beside what SQLite makes of the same rows."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from bench.measure import best, show
from prewatt.edge.journal import Journal
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Record, chain, encode_entry, genesis
from prewatt.kernel.units import MINUTE

METERS, STEPS = 250, 20


def batches() -> list[list[tuple[str, Record]]]:
    """All meters read at the same instants, one batch an instant."""
    accounts = {f"m{number}": Account() for number in range(METERS)}
    heads = {name: genesis(name) for name in accounts}
    made = []
    for step in range(STEPS):
        batch = []
        for name, account in accounts.items():
            entry = account.read(step * 15 * MINUTE, step * 100)
            account.apply(entry)
            body = encode_entry(entry)
            heads[name] = chain(heads[name], body)
            batch.append((name, Record(entry.seq, body, heads[name])))
        made.append(batch)
    return made


def main() -> None:
    made = batches()
    entries = METERS * STEPS

    def ours() -> None:
        with tempfile.TemporaryDirectory() as folder:
            journal = Journal(Path(folder) / "journal.sqlite3")
            for batch in made:
                journal.commit(batch, {})
            journal.close()

    def sqlite() -> None:
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

    show(f"journal: entries, {METERS} a commit", entries / best(ours), "SQLite, same rows", entries / best(sqlite))


if __name__ == "__main__":
    main()
