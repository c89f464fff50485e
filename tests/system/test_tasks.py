"""A large bank statement as a task, with real processes: the one that reads it is killed in the middle, and another
landlord's top-ups go through all the while.
"""

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

from tests.migrated import put_database
from tests.system.demonstration import PREWATT

LINES = 6_000
PATIENCE = 180.0
ASK = f"""
from prewatt.processes.database import setup_django
setup_django()
from django.contrib.auth import get_user_model
from prewatt.server.estate.models import Organisation, Property
from prewatt.server.tasks.asking import ask
other = Organisation.objects.create(name="Other")
Property.objects.create(organisation=other, name="Else", zone="Europe/Berlin", currency="EUR")
rows = [f"2025-11-{{1 + n % 28:02}},{{n}}.25,EUR,Payer {{n}},rent {{n}}" for n in range(1, {LINES} + 1)]
content = "\\n".join(["date,amount,currency,payer,text", *rows]).encode()
ask("bank-statement", other, get_user_model().objects.get(username="manager"), "/", content=content, right="bank")
"""
TOP_UP = """
import sys
from prewatt.processes.database import setup_django
setup_django()
from prewatt.server.estate.models import Tenancy
from prewatt.server.sales.top_ups import top_up
tenancy, number = Tenancy.objects.get(), 0
print("ready", flush=True)
for _line in sys.stdin:
    top_up(tenancy, 10**9, f"credit {number}")
    number += 1
    print(number, flush=True)
"""


def test_killed_in_the_middle_a_statement_is_read_to_its_end_once_and_anothers_top_ups_go_through(tmp_path):
    home = tmp_path / "home"
    environment = {**os.environ, "PREWATT_HOME": str(home)}
    environment.pop("PREWATT_DATABASE", None)
    put_database(home / "prewatt.sqlite3")
    flats = tmp_path / "flats.csv"
    flats.write_text("unit,meter,tenant\nFlat 1,m1,Ann\n")
    given = ["--organisation", "O", "--name", "P", "--zone", "Europe/Berlin", "--currency", "EUR", "--price", "0.3"]
    run = {"env": environment, "check": True, "capture_output": True}
    subprocess.run([*PREWATT, "setup", "--apartments", str(flats), *given], **run)
    subprocess.run([PREWATT[0], "-c", ASK], **run)

    def ask(question):
        with closing(sqlite3.connect(home / "prewatt.sqlite3", timeout=30)) as database, database:
            return database.execute(question).fetchone()

    def wait_until(what):
        deadline = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    payer = subprocess.Popen([PREWATT[0], "-c", TOP_UP], env=environment, **pipes)
    worker = subprocess.Popen([*PREWATT, "worker"], env=environment, stderr=subprocess.DEVNULL)
    try:
        assert payer.stdout.readline() == "ready\n"
        lines = "SELECT count(*) FROM payments_bankline"
        wait_until(lambda: ask(lines)[0] > 0)
        (runner,) = ask("SELECT runner FROM tasks_task WHERE state = 'running'")
        assert runner != worker.pid
        os.kill(runner, signal.SIGKILL)
        assert ask(lines)[0] < LINES
        during = []
        while ask("SELECT state FROM tasks_task")[0] != "done":
            payer.stdin.write("\n")
            payer.stdin.flush()
            during.append(payer.stdout.readline())
            # A tenant now and then, not all that the database can take.
            time.sleep(0.2)
        assert during == [f"{number}\n" for number in range(1, len(during) + 1)]
        assert during
        assert ask(lines) == (LINES,)
        assert ask("SELECT tries, percent FROM tasks_task") == (2, 100)
        assert ask("SELECT count(*) FROM vending_topup") == (len(during),)
    finally:
        payer.kill()
        worker.kill()
