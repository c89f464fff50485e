"""The server is killed between any two steps of a top-up: after its restart the tenant is credited exactly once, or the payment is
shown as open; and the books sum to zero.
"""

import http.client
import json
import os
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.migrated import put_database
from tests.server.payments.players.server import METHODS, Providers, send
from tests.system.demonstration import PREWATT, ROOT

MAKE = """
import json, sys
from prewatt.processes.database import setup_django
setup_django()
from django.contrib.auth import get_user_model
from prewatt.server.accounts.keys import make_key
from prewatt.server.estate.models import Organisation
from prewatt.server.payments.merchants import keep_merchant
owner = Organisation.objects.get()
for name, given in json.loads(sys.argv[1]).items():
    made = keep_merchant(owner, name, name, given)
    print(made.pk, made.provider, made.public_id)
print(make_key(get_user_model().objects.get(username="manager"), "test"))
"""
FACTS = """
SELECT p.state, p.top_up_id IS NOT NULL,
  (SELECT count(*) FROM vending_topup t WHERE t.credit_id = p.payment_id),
  (SELECT count(*) FROM ledger_transfer l WHERE l.of = 'top-up' AND l.number = p.top_up_id AND l.part = ''),
  (SELECT count(*) FROM vending_command c JOIN vending_topup t ON t.command_id = c.id WHERE t.credit_id = p.payment_id)
FROM payments_payment p WHERE p.asked = ?
"""


class Server:
    def __init__(self, environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.dying_server"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def say(self, text):
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def stop(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def house(tmp_path):
    """A server's folder with a building, and merchant accounts at providers on a port of their own."""
    providers = Providers()
    environment = {
        **os.environ,
        "PREWATT_HOME": str(tmp_path / "home"),
        "PREWATT_PROVIDERS": ",".join(f"{name}={where}" for name, where in providers.addresses.items()),
    }
    environment.pop("PREWATT_DATABASE", None)
    put_database(tmp_path / "home" / "prewatt.sqlite3")
    flats = tmp_path / "flats.csv"
    flats.write_text("unit,meter,tenant\nFlat 1,m1,Ann\n")
    given = ["--organisation", "O", "--name", "P", "--zone", "Asia/Shanghai", "--currency", "CNY", "--price", "0.6"]
    subprocess.run(
        [*PREWATT, "setup", "--apartments", str(flats), *given], env=environment, check=True, capture_output=True
    )
    accounts = json.dumps({name: providers.settings(name) for name in METHODS})
    made = subprocess.run(
        [sys.executable, "-c", MAKE, accounts], env=environment, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    server, restarted = Server(environment), Server(environment)
    yield {
        "providers": providers,
        "merchants": {line.split()[1]: (int(line.split()[0]), line.split()[2]) for line in made[:3]},
        "token": made[3],
        "server": server,
        "restarted": restarted.say(0),
        "database": tmp_path / "home" / "prewatt.sqlite3",
    }
    restarted.say("")
    for each in (server, restarted):
        each.stop()
    providers.stop()


def ask(port, house, provider, asked):
    given = {
        "merchant": house["merchants"][provider][0],
        "method": METHODS[provider],
        "amount": "20.00",
        "asked": asked,
    }
    headers = {"Authorization": f"Bearer {house['token']}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}/api/v1/tenancies/1/payments"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(given).encode(), headers), timeout=30) as answer:
        return json.load(answer)


def pay(house, made):
    """The payer pays, if the provider knows of it."""
    providers = house["providers"]
    if made["payment_id"] not in providers.trades and made.get("link", "").startswith(providers.address):
        urllib.request.urlopen(made["link"], timeout=30).read()
    trade = providers.trades.get(made["payment_id"])
    if trade is not None and trade.state == "open":
        trade.pay()
    return trade


def facts(house, asked):
    with sqlite3.connect(house["database"], timeout=30) as database:
        return database.execute(FACTS, [asked]).fetchone()


def books(house):
    """The trial balance, by a query of our own."""
    with sqlite3.connect(house["database"], timeout=30) as database:
        rows = database.execute("SELECT debit_account_id, credit_account_id, amount FROM ledger_transfer").fetchall()
        known = {row[0] for row in database.execute("SELECT id FROM ledger_account")}
        credited = database.execute("SELECT count(*), coalesce(sum(amount), 0) FROM vending_topup").fetchone()
        kinds = dict(database.execute("SELECT id, kind FROM ledger_account"))
    sums = dict.fromkeys(known, 0)
    for debit, credit, amount in rows:
        sums[debit] -= amount
        sums[credit] += amount
    tenants = sum(amount for account, amount in sums.items() if kinds[account] == "tenant-credit")
    assert tenants == credited[1]
    return sum(sums.values())


BROKEN = (urllib.error.URLError, http.client.HTTPException, OSError)


@pytest.mark.parametrize(("provider", "stride"), [("wechat", 1), ("alipay", 4), ("stripe", 4)])
def test_killed_at_each_step_of_a_top_up(house, provider, stride):
    """What differs between the providers is what lies around the database's steps: for two of them not each step is tried."""
    server, number, killed = house["server"], 0, 0
    while True:
        number += stride
        asked = f"a{number}"
        port = server.say(number)
        made = None
        try:
            made = ask(port, house, provider, asked)
            trade = pay(house, made)
            body, headers = house["providers"].callback(trade)
            where = f"http://127.0.0.1:{port}/callbacks/{provider}/{house['merchants'][provider][1]}/"
            status, _answer = send(where, body, headers)
            survived = status == 200
        except BROKEN:
            survived = False
        steps = int(server.say(""))
        if survived and steps < number:
            break
        killed += 1
        found = facts(house, asked)
        # Either nothing is credited and it is open (or was never asked for), or all of it is.
        assert found in (None, ("open", 0, 0, 0, 0), ("paid", 1, 1, 1, 1)), (number, found)
        assert books(house) == 0
        # The next server: the tenant asks again and pays, if they had not; the provider calls again, as all of them do.
        port = house["restarted"]
        made = ask(port, house, provider, asked)
        trade = pay(house, made)
        if number % 2:
            status, _answer = send(
                f"http://127.0.0.1:{port}/callbacks/{provider}/{house['merchants'][provider][1]}/",
                *house["providers"].callback(trade),
            )
            assert status == 200
        else:
            # Or it never does: the worker asks.
            with sqlite3.connect(house["database"], timeout=30) as database:
                database.execute("UPDATE payments_payment SET next_look_at = 0 WHERE state = 'open'")
            assert server.say("look") == "looked"
            server.process.stdout.readline()
        assert facts(house, asked) == ("paid", 1, 1, 1, 1), number
        assert books(house) == 0
    assert killed > 30 // stride
