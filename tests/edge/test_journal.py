"""The journal on the flash: what is committed stays, whatever happens."""

import random
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from shutil import copy

import msgspec
import pytest

from prewatt.edge.journal import SNAPSHOT_EVERY, Journal
from prewatt.edge.journal_file import FORMAT, SCHEMA, digest
from prewatt.edge.meter import Meter, MeterPolicy
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Record, chain, decode_entry, encode_entry, genesis
from prewatt.kernel.recovery import JournalDamaged
from tests.comparing import assert_row

FIXTURES = Path(__file__).parent / "fixtures"
FORMAT_1 = {
    "m1": "328302ff5473c5bf6eca4ea5dce95b49f0c6288cc71d18e00f638ca11d469e46",
    "Haus 3, links": "4db10089512837770e26386ca42a55bd9d1eb3a384fba47eb82dde540271fc4e",
    "m3": "cb43d5b404582868bc3f9832e7ef0b00be45fd414d9743f8006e2ce1f9ed693f",
}


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
    with closing(sqlite3.connect(path)) as database, database:
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
    with closing(sqlite3.connect(path)) as database, database:
        assert database.execute("SELECT seq FROM snapshot").fetchall() == [(SNAPSHOT_EVERY,)]
    database.close()
    # The replay begins at the snapshot: what lies before it is not looked at.
    sql(path, "UPDATE entry SET body=x'00' WHERE seq=1")
    loaded = Journal(path).load("m")
    assert (loaded.account.dump(), loaded.head) == (account.dump(), made[-1].hash)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entry SET body=substr(body, 1, 9) WHERE seq=5",
        "UPDATE entry SET hash=substr(hash, 1, 9) WHERE seq=5",
        "DELETE FROM entry WHERE seq=5",
        "DELETE FROM entry WHERE seq>2",
        "UPDATE entry SET meter='x' WHERE seq=4",
        "UPDATE head SET seq=4",
        "UPDATE head SET hash=x'00'",
        "UPDATE head SET meter='x'",
        "UPDATE entry SET body=x'00' WHERE seq=3",
        "DELETE FROM entry WHERE seq=3",
        "UPDATE entry SET hash=x'00' WHERE seq=1",
        "UPDATE entry SET body=(SELECT body FROM entry WHERE seq=2) WHERE seq=3",
    ],
)
def test_damage_is_named_never_a_shorter_journal_and_nothing_is_changed(tmp_path, damage):
    path = tmp_path / "j"
    fill(path, "m", 5)
    sql(path, damage)
    with closing(sqlite3.connect(path)) as database, database:
        before = database.execute("SELECT * FROM entry").fetchall()
    database.close()
    journal = Journal(path)
    with pytest.raises(
        JournalDamaged,
        match=r"j, meter m: (entry \d is not as it was written, or missing; it went to \d|it has entries, but)",
    ):
        journal.load("m")
    journal.close()
    with closing(sqlite3.connect(path)) as database, database:
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
    sql(tmp_path / "j", "UPDATE meta SET value=? WHERE name='format'", str(FORMAT + 1))
    with pytest.raises(ValueError, match=f"format is {FORMAT + 1}, this software knows {FORMAT}: update the software"):
        Journal(tmp_path / "j")


@pytest.mark.parametrize("content", [b"my shopping list " * 100, b"SQLite format 3\0" + bytes(4080)])
def test_a_file_that_is_no_journal_is_named(tmp_path, content):
    (tmp_path / "j").write_bytes(content)
    with pytest.raises(JournalDamaged, match=r"/j: "):
        Journal(tmp_path / "j")


def test_a_folder_that_is_not_there_is_no_damage(tmp_path):
    with pytest.raises(ValueError, match="can't be opened"):
        Journal(tmp_path / "nowhere" / "j")


def test_who_changes_the_tables_changes_the_number():
    made = sha256("\n".join(SCHEMA.values()).encode()).hexdigest()[:16]
    assert (FORMAT, made) == (2, "4bd8c98b55b0ac2d")


def test_a_journal_of_format_1_goes_on(tmp_path):
    copy(FIXTURES / "journal-1.sqlite3", tmp_path / "j")
    for epoch in (2, 3):
        journal = Journal(tmp_path / "j")
        assert journal.epoch == epoch
        assert journal.kept("clock") == {"": b"1500000"}
        for number, name in enumerate(("m1", "Haus 3, links", "m3"), 1):
            account, head, repaired = journal.load(name)
            assert_row(account, seq=20, register=1850 + 850 * (number - 1), credited=number * 10**10)
            assert account.balance == number * 10**10 - account.charged == number * 9_840_000_000
            assert head.hex() == FORMAT_1[name]
            assert len(journal.read(name, 1, 99)) == 20
            assert not repaired
        journal.close()


def test_a_commit_is_whole_or_nothing(tmp_path):
    journal = Journal(tmp_path / "j")
    account, head = Account(), genesis("m")
    made, _ = records(account, head, 3)
    with pytest.raises(AssertionError, match="entry 2 does not follow entry 2"):
        journal.commit([("m", made[0]), ("m", made[1]), ("m", made[1])], {"m": account})
    journal._db.execute(
        "CREATE TEMP TRIGGER no BEFORE INSERT ON entry WHEN new.seq=3 BEGIN SELECT RAISE(ABORT, ''); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        journal.commit([("m", record) for record in made], {"m": account})
    assert journal.read("m", 1, 9) == []
    assert journal.load("m").account.seq == 0


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
    first.replace("m1", 2, head, account.dump())
    assert first.adopted() == {"m1"}
    loaded = first.load("m1")
    assert (loaded.account.dump(), loaded.head) == (account.dump(), head)
    meter = Meter("m1", loaded.account, head, MeterPolicy())
    outcome = meter.start(7, repaired=False, replaced=True)
    assert [decode_entry(record.body).code for record in outcome.records] == ["gateway-replaced", "power-up"]
    first.commit([("m1", record) for record in outcome.records], {"m1": meter.account})
    assert first.adopted() == set()
    first.close()
    again = Journal(tmp_path / "j")
    assert again.load("m1").account.seq == 4
    assert len(again.read("m1", 3, 9)) == 2
    again.close()


@pytest.mark.parametrize("damaged", [False, True])
def test_what_the_server_does_not_know_is_set_aside_and_the_meter_goes_on_from_its_state(tmp_path, damaged):
    path = tmp_path / "j"
    fill(path, "m", 7)
    fill(path, "other", 3)
    if damaged:
        sql(path, "UPDATE entry SET body=x'00' WHERE seq=2 AND meter='m'")
    theirs = Account()
    _, head = records(theirs, genesis("m"), 4)
    journal = Journal(path)
    journal.replace("m", 4, head, theirs.dump())
    assert journal.adopted() == {"m"}
    loaded = journal.load("m")
    assert (loaded.account.dump(), loaded.head) == (theirs.dump(), head)
    more, end = records(loaded.account, head, 2)
    journal.commit([("m", record) for record in more], {"m": loaded.account})
    journal.close()
    journal = Journal(path)
    assert journal.load("m").head == end
    assert journal.hash_at("m", 4) == head and journal.hash_at("m", 3) is None
    assert journal.read("m", 5, 9) == [record.body for record in more]
    assert journal.load("other").account.seq == 3
    aside = journal._db.execute("SELECT first, last FROM set_aside WHERE meter='m'").fetchall()
    assert aside == [(seq, seq) for seq in range(1, 8)]
    journal.replace("m", 0, genesis("m"), Account().dump())
    assert journal.load("m").account.seq == 0
    journal.close()


def test_an_account_that_can_not_be_read_replaces_nothing(tmp_path):
    fill(tmp_path / "j", "m", 7)
    journal = Journal(tmp_path / "j")
    with pytest.raises((ValueError, msgspec.MsgspecError)):
        journal.replace("m", 9, genesis("m"), b"nonsense")
    assert journal.load("m").account.seq == 7
    journal.close()


def test_a_snapshot_that_is_damaged_is_made_anew_from_the_entries(tmp_path):
    path = tmp_path / "j"
    account, made = fill(path, "m", SNAPSHOT_EVERY + 10)
    sql(path, "UPDATE snapshot SET account=CAST(substr(account, 1, 20) || x'ff' || substr(account, 22) AS BLOB)")
    journal = Journal(path)
    loaded = journal.load("m")
    assert (loaded.account.dump(), loaded.head, loaded.repaired) == (account.dump(), made[-1].hash, True)
    more, _ = records(loaded.account, loaded.head, 1)
    journal.commit([("m", more[0])], {"m": loaded.account})
    journal.close()
    again = Journal(path).load("m")
    assert (again.account.dump(), again.repaired) == (loaded.account.dump(), False)


def test_of_commits_one_after_the_other_each_leaves_what_can_be_read_alone(tmp_path):
    """The account is that after all of them; the power may fail between two."""
    journal = Journal(tmp_path / "j")
    journal.snapshot_every = 1
    account = Account()
    made, _ = records(account, genesis("m"), 2)
    journal.commit([("m", made[0])], {"m": account})
    journal.close()
    journal = Journal(tmp_path / "j")
    loaded = journal.load("m")
    assert loaded.account.seq == 1
    assert_row(loaded, head=made[0].hash, repaired=False)
    journal.snapshot_every = 1
    journal.commit([("m", made[1])], {"m": account})
    journal.close()
    # As older versions left it.
    account.apply(account.event(account.at, "power-up"))
    saved = account.dump()
    proof = digest("m", 2, made[1].hash, saved)
    sql(tmp_path / "j", "UPDATE snapshot SET account=?, digest=? WHERE seq=2", saved, proof)
    journal = Journal(tmp_path / "j")
    loaded = journal.load("m")
    assert loaded.account.seq == 2
    assert_row(loaded, head=made[1].hash, repaired=True)
    journal.close()


def test_what_was_kept_and_is_damaged_is_named_and_gone(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.keep("m", "key", b"one")
    journal.keep("n", "key", b"two")
    journal.close()
    sql(tmp_path / "j", "UPDATE kept SET body=x'00' WHERE meter='m'")
    journal = Journal(tmp_path / "j")
    assert journal.kept("key") == {"n": b"two"}
    assert [text for text in journal.broken if "'key', kept of meter 'm'" in text]
    journal.close()


@pytest.fixture
def small(monkeypatch):
    """Few entries are enough for snapshots and packs."""
    monkeypatch.setattr("prewatt.edge.journal.SNAPSHOT_EVERY", 10)
    monkeypatch.setattr("prewatt.edge.packing.TAIL", 12)
    monkeypatch.setattr("prewatt.edge.packing.PACKED", 30)


METERS = [f"meter-{number}" for number in range(6)]


def live(path, steps):
    """A journal in which all meters were read so many times, and what each of them has: account, head, bodies."""
    journal = Journal(path)
    loaded = {meter: journal.load(meter) for meter in METERS}
    heads = {meter: each.head for meter, each in loaded.items()}
    bodies = {meter: [] for meter in METERS}
    for _ in range(steps):
        batch = []
        for meter, each in loaded.items():
            made, heads[meter] = records(each.account, heads[meter], 1)
            batch.append((meter, made[0]))
            bodies[meter].append(made[0].body)
        journal.commit(batch, {meter: each.account for meter, each in loaded.items()})
    return journal, {meter: (each.account.dump(), heads[meter], bodies[meter]) for meter, each in loaded.items()}


def test_what_is_packed_reads_as_before(tmp_path, small):
    journal, made = live(tmp_path / "j", 120)
    for _ in range(2):
        assert journal._db.execute("SELECT count(*) FROM pack").fetchone()[0] >= 2 * len(METERS)
        assert journal._db.execute("SELECT count(*) FROM entry").fetchone()[0] < 50 * len(METERS)
        for meter, (account, head, bodies) in made.items():
            assert journal.read(meter, 1, 999) == bodies
            assert journal.read(meter, 35, 77) == bodies[34:77]
            assert list(journal.last(meter, 100)) == bodies[:-101:-1]
            loaded = journal.load(meter)
            assert (loaded.account.dump(), loaded.head, loaded.repaired) == (account, head, False)
            hashes = [journal.hash_at(meter, seq) for seq in range(121)]
            assert all(chain(hashes[seq - 1], bodies[seq - 1]) == hashes[seq] for seq in range(1, 121))
            assert journal.hash_at(meter, 121) is None
        journal.close()
        journal = Journal(tmp_path / "j")
    journal.close()


def test_packing_that_was_interrupted_goes_on_after_the_next_start(tmp_path, small, monkeypatch):
    monkeypatch.setattr("prewatt.edge.packing.PACKS_AT_ONCE", 1)
    journal, made = live(tmp_path / "j", 45)
    assert 0 < journal._db.execute("SELECT count(*) FROM pack").fetchone()[0] < len(METERS)
    journal.close()
    journal, more = live(tmp_path / "j", 20)
    for meter in METERS:
        assert journal.read(meter, 1, 999) == made[meter][2] + more[meter][2]
    assert journal._db.execute("SELECT min(seq) FROM entry").fetchone()[0] > 1
    packed = dict(journal._db.execute("SELECT meter, sum(last - first + 1) FROM pack GROUP BY meter"))
    assert packed == dict(journal._db.execute("SELECT meter, max(last) FROM pack GROUP BY meter")), "each entry once"
    journal.close()


def test_a_damaged_old_entry_ends_what_is_read_and_is_set_aside_when_the_others_are_packed(tmp_path, small):
    journal, made = live(tmp_path / "j", 30)
    journal.close()
    sql(tmp_path / "j", "UPDATE entry SET body=x'00' WHERE seq=5 AND meter=?", METERS[0])
    journal, more = live(tmp_path / "j", 30)
    assert journal.read(METERS[0], 1, 99) == made[METERS[0]][2][:4]
    assert journal.read(METERS[0], 6, 99) == made[METERS[0]][2][5:] + more[METERS[0]][2]
    assert journal.read(METERS[1], 1, 99) == made[METERS[1]][2] + more[METERS[1]][2]
    assert journal._db.execute("SELECT meter, first FROM set_aside").fetchall() == [(METERS[0], 5)]
    journal.close()


def test_what_follows_a_damaged_pack_is_read_all_the_same(tmp_path, small):
    journal, made = live(tmp_path / "j", 60)
    journal.close()
    sql(tmp_path / "j", "UPDATE pack SET bodies=x'00' WHERE meter=?", METERS[0])
    journal = Journal(tmp_path / "j")
    ((last,),) = journal._db.execute("SELECT max(last) FROM pack WHERE meter=?", (METERS[0],)).fetchall()
    assert journal.read(METERS[0], last, 99) == [] and journal.holds(METERS[0], last)
    assert journal.read(METERS[0], last + 1, 99) == made[METERS[0]][2][last:]
    assert not journal.holds(METERS[0], 61) and not journal.holds("nobody's", 1)
    while journal.forget(dict.fromkeys(METERS, 60), before=10**18):
        pass
    assert not journal.holds(METERS[1], 1), "what was dropped is not damaged"
    journal.close()


def test_what_is_forgotten_is_old_and_acknowledged_and_no_snapshot_needs_it(tmp_path, small):
    journal, made = live(tmp_path / "j", 120)
    packed = dict(journal._db.execute("SELECT meter, count(*) FROM pack GROUP BY meter"))
    everything, late = dict.fromkeys(METERS, 120), 10**18
    assert journal.forget(everything, before=0) == 0, "nothing is as old"
    assert journal.forget({}, before=late) == 0, "nothing is acknowledged"
    assert journal.forget({METERS[0]: 29}, before=late) == 0, "a pack is dropped as a whole"
    assert journal.forget({METERS[0]: 30}, before=late) == 1
    assert journal.read(METERS[0], 1, 30) == [] and journal.read(METERS[0], 31, 99) == made[METERS[0]][2][30:99]
    while journal.forget(everything, before=late):
        pass
    assert journal._db.execute("SELECT count(*) FROM pack").fetchone()[0] < sum(packed.values())
    journal.close()
    journal = Journal(tmp_path / "j")
    for meter, (account, head, bodies) in made.items():
        loaded = journal.load(meter)
        assert (loaded.account.dump(), loaded.head, loaded.repaired) == (account, head, False)
        assert journal.read(meter, 110, 120) == bodies[109:]
    journal.close()


def test_what_no_snapshot_stands_for_is_never_forgotten(tmp_path, small, monkeypatch):
    monkeypatch.setattr("prewatt.edge.journal.SNAPSHOT_EVERY", 10_000)
    journal, _ = live(tmp_path / "j", 60)
    assert journal._db.execute("SELECT count(*) FROM pack").fetchone()[0] > 0
    assert journal.forget(dict.fromkeys(METERS, 60), before=10**18) == 0
    journal.close()


def test_one_flipped_bit_is_without_effect_or_damages_what_is_named_never_makes_a_journal_shorter(
    tmp_path, small, caplog
):
    """At many places of a real file, with snapshots and packs: the meters that load have all that they had."""
    journal, made = live(tmp_path / "j", 90)
    for meter in METERS:
        journal.keep(meter, "tries", b"\x80")
    journal.close()
    whole = (tmp_path / "j").read_bytes()
    rng = random.Random(7)
    outcomes = Counter()
    for number in range(400):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path = tmp_path / f"{number}"
        path.write_bytes(data)
        try:
            journal = Journal(path)
        except (JournalDamaged, ValueError) as error:
            assert isinstance(error, JournalDamaged) or "update the software" in str(error)
            outcomes["file"] += 1
            continue
        damaged = 0
        for meter, (account, head, bodies) in made.items():
            try:
                loaded = journal.load(meter)
            except JournalDamaged as error:
                assert f"meter {meter}: " in str(error)
                damaged += 1
            else:
                assert (loaded.account.dump(), loaded.head) == (account, head)
            read = journal.read(meter, 1, 999)
            assert read == bodies[: len(read)], "what is not as it was written is not read"
        assert journal.broken or len(journal.kept("tries")) == len(METERS)
        outcomes[damaged] += 1
        journal.close()
    assert set(outcomes) <= {"file", 0, 1}, "one flipped bit does not damage two meters"
    assert outcomes["file"] < 40 and outcomes[1] > 4
