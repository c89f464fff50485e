"""A database that an earlier version left is brought up to date, and all in it is read."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parent / "files").glob("database-*.sql.gz"))

LOOK = """
from prewatt.processes.database import setup_django
setup_django()
import json
from prewatt.headend.store import Store
from prewatt.server.ledger.models import Account
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.billing.models import Debt
from prewatt.server.metering.models import Alarm
from prewatt.server.payments.models import Payment
from prewatt.server.payments.books import held_of
from prewatt.server.vending.models import Refund
from prewatt.wire.topics import SHARDS
store = Store(range(SHARDS))
views = store.views(["m1", "m2", "m3"])
found = {
    "meters": {name: [view.account.seq, view.account.balance, sorted(view.commands)] for name, view in views.items()},
    "tenants": {each.tenant: balance(tenant_account(each)) for each in Tenancy.objects.all()},
    "alarms": Alarm.objects.filter(settled=False).count(),
}
found["owed"] = [[each.who, each.why, each.left] for each in Refund.objects.filter(paid=None)]
# What is owed either way is, row by row, what the books say.
held = sum(held_of(each).amount for each in Payment.objects.filter(state="held"))
due = {each: sum(balance(one) for one in Account.objects.filter(kind=each)) for each in ("refunds", "debts")}
assert due["refunds"] == sum(each.left for each in Refund.objects.all()) + held, due
assert -due["debts"] == sum(each.left for each in Debt.objects.all()), due
for each in Property.objects.all():
    # One number is a list of one step; 0 was none.
    assert (each.low_credit, each.low_credit_kwh, each.low_credit_days) == ("5", "", "3, 1"), each.low_credit
print(json.dumps(found))
"""


def opened(file, folder):
    database = sqlite3.connect(folder / "prewatt.sqlite3")
    database.executescript(gzip.decompress(file.read_bytes()).decode())
    return database


def started(folder, *command):
    environment = {**os.environ, "PREWATT_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "prewatt.server.settings"}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)


def test_a_database_of_a_version_that_is_not_known_is_refused_with_the_way_out(tmp_path):
    database = opened(FILES[-1], tmp_path)
    database.execute("UPDATE django_migrations SET name='0009_later' WHERE app='vending'")
    database.commit()
    before = list(database.iterdump())
    done = started(tmp_path, "-m", "prewatt", "server")
    assert done.returncode == 2
    assert "vending 0009_later" in done.stderr and "update the software" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(database.iterdump()) == before


FIGURES = {
    "database-1.sql.gz": {
        "meters": {"m1": [51, 17_180_000_000, [4]], "m2": [50, -188_000_000, []], "m3": [50, -9_400_000, []]},
        "tenants": {"Anna": 22_180_000_000, "Ben": -188_000_000},
        "alarms": 0,
        "owed": [],
    },
    "database-2.sql.gz": {
        "meters": {
            "m1": [84, 23_756_000_000, [11, 12, 13]], "m2": [85, 77_764_000_000, [12]], "m3": [81, 0, [8, 9]],
        },
        "tenants": {"Anna": 46_756_000_000, "Ben": 77_764_000_000, "Cleo": 0},
        "alarms": 0,
        "owed": [["Cleo", "deposit", 49_992_800_000]],
    },
}  # fmt: skip
"""What each file comes to."""


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_a_database_of_an_earlier_version_is_opened(file, tmp_path):
    opened(file, tmp_path).close()
    done = started(tmp_path, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == FIGURES[file.name]


REFERENCES = {
    **{name: f"top-up {number}" for number, name in enumerate(
        ("first", "waits", "bank 9", "typo", "bank 1", f"{1:032x}", "forgotten", "last"), 1)},
    "deposit 3": "deposit 3", "move 3 in": "move 3 in", "undo 4": "top-up 4 undone", "refund 1": "refund 1",
    "refund 1 paid": "refund 1 paid", "adjustment 1": "adjustment 1", "adjustment 2": "adjustment 2",
    **{f"share {number}": f"share {number}" for number in (1, 2, 3, 4, 5, 7)},
    **{f"share {number} back": f"share {number} back" for number in (4, 5, 7)},
    **{f"correction 1-{number} {part}": f"correction {number + 1} {part}" for number in range(3) for part in ("reversed", "anew")},
    "settlement 3 of deposit": "settlement 3 deposit", "settlement 3 deposit back": "deposit 3 back",
    "carried 2 to 4": "settlement 2 carried", "payout 2": "bank-line 2", f"held {2:032x}": "payment 2 held", "fee 1": "fee 1",
    "share 77": "alarm 2 found",
}  # fmt: skip
"""What each transfer of the file is of, by the text that named it."""
EARLIER = """
INSERT INTO vending_adjustment (adjustment_id, kind, amount, reason, at, state, by_id, tenancy_id)
VALUES ('gap 7-2', 'charged', -5, 'x', 1, 'done', 1, 2), ('gap 7-2 back', 'charged', 5, 'x', 1, 'done', 1, 2),
       ('reading 1-40-1', 'charged', 5, 'x', 1, 'declined', 1, 1), ('reading 1-40-1+1', 'charged', 5, 'x', 1, 'waiting', 1, 1),
       ('ahead 1-41-1', 'charged', 5, 'x', 1, 'done', 1, 1), ('typed back', 'charged', 5, 'x', 1, 'done', 1, 1);
"""


def test_the_books_of_before_keep_what_each_transfer_is_of(tmp_path):
    database = opened(FILES[-1], tmp_path)
    before = dict(database.execute("SELECT id, credit_id FROM ledger_transfer WHERE credit_id IS NOT NULL"))
    database.executescript(EARLIER)
    database.close()
    done = started(tmp_path, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    database = sqlite3.connect(tmp_path / "prewatt.sqlite3")
    rows = database.execute("SELECT id, of, number, part FROM ledger_transfer WHERE kind <> 'charge'")
    found = {before[pk]: f"{of} {number} {part}".strip() for pk, of, number, part in rows}
    assert found == REFERENCES
    memos = dict(database.execute("SELECT number, memo FROM ledger_transfer WHERE kind = 'top-up'"))
    assert (memos[1], memos[3]) == ("first", "bank 9")
    deposits = database.execute(
        "SELECT of, part, tenancy_id FROM ledger_transfer WHERE tenancy_id IS NOT NULL ORDER BY id"
    )
    assert list(deposits) == [("deposit", "", 3), ("settlement", "deposit", 3), ("deposit", "back", 3)]
    adjustments = database.execute(
        "SELECT adjustment_id, of, number, part, organisation_id FROM vending_adjustment ORDER BY id"
    )
    assert list(adjustments) == [
        ("gift", "", None, "", 1), ("large", "", None, "", 1), ("waits", "", None, "", 1),
        (None, "alarm", 7, "", 1), (None, "adjustment", 4, "back", 1),
        (None, "reading", 1, "40", 1), (None, "reading", 1, "40", 1), (None, "early", 1, "41", 1),
        ("typed back", "", None, "", 1),
    ]  # fmt: skip
    assert database.execute("SELECT count(*) FROM vending_topup WHERE organisation_id = 1").fetchone() == (8,)
    with pytest.raises(sqlite3.IntegrityError, match="never changed or deleted"):
        database.execute("UPDATE ledger_transfer SET amount = 1")
