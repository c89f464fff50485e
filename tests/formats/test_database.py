"""A database that an earlier version left is brought up to date, and all in it is read."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
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
from prewatt.server.estate.models import Tenancy
from prewatt.server.billing.models import Debt
from prewatt.server.metering.models import Alarm
from prewatt.server.payments.models import Payment
from prewatt.server.payments.books import held_of
from prewatt.server.vending.models import Refund
from prewatt.wire.topics import SHARDS
from prewatt.server.accounts.keys import ApiKey
from prewatt.server.accounts.memberships import Membership
store = Store(range(SHARDS))
views = store.views(["m1", "m2", "m3"])
found = {
    "meters": {name: [view.account.seq, view.account.balance, sorted(view.commands)] for name, view in views.items()},
    "tenants": {each.tenant: balance(tenant_account(each)) for each in Tenancy.objects.all()},
    "alarms": Alarm.objects.filter(is_resolved=False).count(),
}
found["owed"] = [[each.who, each.why, each.left] for each in Refund.objects.filter(paid_at=None)]
found["people"] = [[each.tenant, *(one.username for one in each.people.all())] for each in Tenancy.objects.order_by("pk")]
found["roles"] = [[each.user.username, each.role] for each in Membership.objects.all()]
found["keys"] = [[each.user.username, each.name, each.is_valid] for each in ApiKey.objects.all()]
# What is owed either way is, row by row, what the books say.
held = sum(held_of(each).amount for each in Payment.objects.filter(state="held"))
due = {each: sum(balance(one) for one in Account.objects.filter(kind=each)) for each in ("refunds", "debts")}
assert due["refunds"] == sum(each.left for each in Refund.objects.all()) + held, due
assert -due["debts"] == sum(each.left for each in Debt.objects.all()), due
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
    assert "vending 0009_later" in done.stderr and "Update the software" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(database.iterdump()) == before


FIGURES = {
    "database-1.sql.gz": {
        "meters": {
            "m1": [84, 23_756_000_000, [11, 12, 13]], "m2": [85, 77_764_000_000, [12]], "m3": [81, 0, [8, 9]],
        },
        "tenants": {"Anna": 46_756_000_000, "Ben": 77_764_000_000, "Cleo": 0},
        "alarms": 0,
        "owed": [["Cleo", "deposit", 49_992_800_000]],
        "people": [["Anna", "flat1"], ["Ben", "flat2"], ["Cleo"], ["Ben"]],
        "roles": [["manager", "owner"]],
        "keys": [["manager", "program", True]],
    },
}  # fmt: skip
"""What each file comes to."""


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_a_database_of_an_earlier_version_is_opened(file, tmp_path):
    with closing(opened(file, tmp_path)) as database, database:
        row = "SELECT 'program', 'hash', '2025-10-05 10:00:00', id FROM auth_user WHERE username = 'manager'"
        database.execute(f"INSERT INTO api_token (name, hash, made_at, user_id) {row}")
    done = started(tmp_path, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == FIGURES[file.name]
