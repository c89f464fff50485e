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
from contextlib import closing

import pytest

from tests.migrated import put_database
from tests.server.payments.players.server import METHODS, Providers, send
from tests.system.demonstration import ROOT

FACTS = """
SELECT p.state, p.top_up_id IS NOT NULL,
  (SELECT count(*) FROM vending_topup t WHERE t.credit_id = p.payment_id),
  (SELECT count(*) FROM ledger_transfer l WHERE l.of = 'top-up' AND l.number = p.top_up_id AND l.part = ''),
  (SELECT count(*) FROM vending_command c JOIN vending_topup t ON t.command_id = c.id WHERE t.credit_id = p.payment_id)
FROM payments_payment p WHERE p.asked = ?
"""


class Server:
    def __init__(self, environment, accounts):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.dying_server", json.dumps(accounts)],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def read(self):
        return self.process.stdout.readline().strip()

    def say(self, text):
        self.tell(text)
        return self.read()

    def tell(self, text):
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server's folder with a building, and merchant accounts at providers on a port of their own."""
    home = tmp_path_factory.mktemp("house")
    providers = Providers()
    environment = {
        **os.environ,
        "PREWATT_HOME": str(home),
        "PREWATT_PROVIDERS": ",".join(f"{name}={where}" for name, where in providers.addresses.items()),
    }
    environment.pop("PREWATT_DATABASE", None)
    put_database(home / "prewatt.sqlite3")
    server = Server(environment, {name: providers.settings(name) for name in METHODS})
    house = {
        "providers": providers,
        "server": server,
        "database": home / "prewatt.sqlite3",
        **json.loads(server.read()),
    }
    port = server.read()
    for provider in METHODS:
        for is_called in (True, False):
            asked = f"{provider} first {is_called}"
            top_up(house, port, provider, asked, is_called)
            assert facts(house, asked) == ("paid", 1, 1, 1, 1)
    server.tell("")
    house["restarted"] = server.say("keep")
    yield house
    server.stop()
    providers.stop()


def top_up(house, port, provider, asked, is_called):
    """The whole of it, at a server that lives: the tenant asks, perhaps again, and pays, if they had not."""
    trade = pay(house, ask(port, house, provider, asked))
    if is_called:
        assert call(house, port, provider, trade) == 200
        return
    # Or the provider never calls: the worker asks.
    with closing(sqlite3.connect(house["database"], timeout=30)) as database, database:
        database.execute("UPDATE payments_payment SET next_look_at = 0 WHERE state = 'open'")
    assert house["server"].say("look") == "looked"


def call(house, port, provider, trade):
    """The provider's callback; the status of the answer."""
    body, headers = house["providers"].callback(trade)
    where = f"http://127.0.0.1:{port}/callbacks/{provider}/{house['merchants'][provider][1]}/"
    return send(where, body, headers)[0]


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
    with closing(sqlite3.connect(house["database"], timeout=30)) as database, database:
        return database.execute(FACTS, [asked]).fetchone()


def books(house):
    """The trial balance, by a query of our own."""
    with closing(sqlite3.connect(house["database"], timeout=30)) as database, database:
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
        asked = f"{provider} {number}"
        port = server.say(number)
        try:
            survived = call(house, port, provider, pay(house, ask(port, house, provider, asked))) == 200
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
        # The next server. Providers call again, all of them do; or they never do.
        is_called = number % 2 == 1 if stride == 1 else number % (2 * stride) == 0
        top_up(house, house["restarted"], provider, asked, is_called)
        if not is_called:
            server.read()
        assert facts(house, asked) == ("paid", 1, 1, 1, 1), number
        assert books(house) == 0
    assert killed > 30 // stride
