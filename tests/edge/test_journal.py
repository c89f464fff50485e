"""The journal on the flash: what is committed stays, whatever happens."""

import random
import sqlite3
import subprocess
import sys

import pytest

from prewatt.edge.journal import SNAPSHOT_EVERY, Journal
from prewatt.edge.meter import Meter, MeterPolicy
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Record, chain, decode_entry, encode_entry, genesis
from prewatt.kernel.recovery import JournalDamaged


def records(account, head, count):
    """`count` readings on top of an account, as records, and the head after them."""
    made = []
    for _ in range(count):
        entry = account.read(account.at + 10**6, (account.register or 0) + 1)
        account.apply(entry)
        body = encode_entry(entry)
        head = chain(head, body)
        made.append(Record(entry.seq, body, head))
    return made, head


def fill(path, meter, count):
    journal = Journal(path)
    loaded = journal.load(meter)
    made, _ = records(loaded.account, loaded.head, count)
    journal.commit([(meter, record) for record in made], {meter: loaded.account})
    journal.close()
    return loaded.account, made


def sql(path, statement, *values):
    with sqlite3.connect(path) as database:
        database.execute(statement, values)
    database.close()


def test_a_journal_replays_to_the_same_account(tmp_path):
    path = tmp_path / "j"
    account, made = fill(path, "m", 5)
    journal = Journal(path)
    loaded = journal.load("m")
    assert (loaded.account.dump(), loaded.head, loaded.repaired) == (account.dump(), made[-1].hash, False)
    assert journal.read("m", 2, 4) == [record.body for record in made[1:4]]
    assert journal.read("other", 1, 9) == []


def test_each_start_has_its_own_epoch(tmp_path):
    epochs = []
    for _ in range(3):
        journal = Journal(tmp_path / "j")
        epochs.append(journal.epoch)
        journal.close()
    assert epochs == [1, 2, 3]


def test_a_snapshot_saves_the_replay_and_changes_nothing(tmp_path):
    path = tmp_path / "j"
    fill(path, "m", SNAPSHOT_EVERY)
    account, made = fill(path, "m", 3)
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT seq FROM snapshot").fetchall() == [(SNAPSHOT_EVERY,)]
    database.close()
    # The replay begins at the snapshot: what lies before it is not looked at.
    sql(path, "UPDATE entry SET body=x'00' WHERE seq=1")
    loaded = Journal(path).load("m")
    assert (loaded.account.dump(), loaded.head) == (account.dump(), made[-1].hash)


@pytest.mark.parametrize("column", ["body", "hash"])
def test_a_torn_last_entry_is_dropped_and_the_sequence_goes_on(tmp_path, column):
    path = tmp_path / "j"
    _, made = fill(path, "m", 5)
    sql(path, f"UPDATE entry SET {column}=substr({column}, 1, 9) WHERE seq=5")
    journal = Journal(path)
    loaded = journal.load("m")
    assert (loaded.account.seq, loaded.head, loaded.repaired) == (4, made[3].hash, True)
    journal.close()
    fill(path, "m", 2)
    assert Journal(path).load("m").account.seq == 6


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entry SET body=x'00' WHERE seq=3",
        "DELETE FROM entry WHERE seq=3",
        "UPDATE entry SET hash=x'00' WHERE seq=1",
        "UPDATE entry SET body=(SELECT body FROM entry WHERE seq=2) WHERE seq=3",
    ],
)
def test_damage_in_the_middle_is_named_and_nothing_is_changed(tmp_path, damage):
    path = tmp_path / "j"
    fill(path, "m", 5)
    sql(path, damage)
    with sqlite3.connect(path) as database:
        before = database.execute("SELECT * FROM entry").fetchall()
    database.close()
    journal = Journal(path)
    with pytest.raises(JournalDamaged, match=r"j, meter m: record"):
        journal.load("m")
    journal.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT * FROM entry").fetchall() == before
    database.close()


def test_a_second_agent_is_turned_away(tmp_path):
    first = Journal(tmp_path / "j")
    code = f"from prewatt.edge.journal import Journal; from pathlib import Path; Journal(Path({str(tmp_path / 'j')!r}))"
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "another agent has this journal open" in second.stderr
    first.close()


def test_a_later_format_is_refused(tmp_path):
    Journal(tmp_path / "j").close()
    sql(tmp_path / "j", "UPDATE meta SET value='2' WHERE name='format'")
    with pytest.raises(ValueError, match="format is 2, this software knows 1"):
        Journal(tmp_path / "j")


def test_a_file_that_is_no_journal_is_named(tmp_path):
    (tmp_path / "j").write_text("my shopping list " * 100)
    with pytest.raises(ValueError, match=r"j: is no journal"):
        Journal(tmp_path / "j")


def test_a_commit_is_whole_or_nothing(tmp_path):
    journal = Journal(tmp_path / "j")
    account, head = Account(), genesis("m")
    made, _ = records(account, head, 3)
    with pytest.raises(sqlite3.IntegrityError):
        journal.commit([("m", made[0]), ("m", made[1]), ("m", made[1])], {"m": account})
    assert journal.read("m", 1, 9) == []


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from prewatt.edge.journal import Journal
from tests.edge.test_journal import records
journal = Journal(Path(sys.argv[1]))
loaded = {meter: journal.load(meter) for meter in "abc"}
heads = {meter: each.head for meter, each in loaded.items()}
while True:
    batch = []
    for meter, each in loaded.items():
        made, heads[meter] = records(each.account, heads[meter], 3)
        batch += [(meter, record) for record in made]
    journal.commit(batch, {meter: each.account for meter, each in loaded.items()})
    print(loaded["a"].account.seq, flush=True)
"""


def test_kill_9_in_the_middle_of_writing_loses_nothing_that_was_committed(tmp_path, request):
    """Ten times over: every commit that was reported is there, whole, and each batch is there as a whole or not."""
    path = tmp_path / "j"
    rng = random.Random(1)
    for _ in range(10):
        command = [sys.executable, "-c", WRITER, str(path), str(request.config.rootpath)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for _ in range(rng.randrange(1, 60)):
            reported = int(process.stdout.readline())
        process.kill()
        rest = process.stdout.read().split()
        process.wait()
        reported = int(rest[-1]) if rest else reported
        journal = Journal(path)
        accounts = [journal.load(meter).account for meter in "abc"]
        assert len({account.seq for account in accounts}) == 1
        assert accounts[0].seq >= reported
        assert accounts[0].seq % 3 == 0
        bodies = journal.read("a", 1, accounts[0].seq)
        assert [decode_entry(body).seq for body in bodies] == list(range(1, accounts[0].seq + 1))
        journal.close()


def test_a_meter_that_another_gateway_had_goes_on_where_that_ended(tmp_path):
    account = Account()
    account.apply(account.read(5, 100))
    account.apply(account.event(6, "power-up"))
    head = bytes(range(32))
    first = Journal(tmp_path / "j")
    first.adopt("m1", 2, head, account.dump())
    assert first.adopted() == {"m1"}
    loaded = first.load("m1")
    assert (loaded.account.dump(), loaded.head) == (account.dump(), head)
    meter = Meter("m1", loaded.account, head, MeterPolicy())
    outcome = meter.start(7, repaired=False, replaced=True)
    assert [decode_entry(record.body).code for record in outcome.records] == ["gateway-replaced", "power-up"]
    first.commit([("m1", record) for record in outcome.records], {"m1": meter.account})
    assert first.adopted() == set()
    with pytest.raises(ValueError, match="has entries here already"):
        first.adopt("m1", 2, head, account.dump())
    first.close()
    again = Journal(tmp_path / "j")
    assert again.load("m1").account.seq == 4
    again.close()
