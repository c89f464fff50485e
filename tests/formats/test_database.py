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
from prewatt.serve import setup_django
setup_django()
import json
from prewatt.headend.store import Store
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Alarm
from prewatt.wire.topics import SHARDS
store = Store(range(SHARDS))
views = store.views(["m1", "m2", "m3"])
found = {
    "meters": {name: [view.account.seq, view.account.balance, sorted(view.commands)] for name, view in views.items()},
    "tenants": {each.tenant: balance(tenant_account(each)) for each in Tenancy.objects.all()},
    "alarms": Alarm.objects.count(),
}
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


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_a_database_of_an_earlier_version_is_opened(file, tmp_path):
    opened(file, tmp_path).close()
    done = started(tmp_path, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "meters": {"m1": [51, 17_180_000_000, [4]], "m2": [50, -188_000_000, []], "m3": [50, -9_400_000, []]},
        "tenants": {"Anna": 22_180_000_000, "Ben": -188_000_000},
        "alarms": 0,
    }
