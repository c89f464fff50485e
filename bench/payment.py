"""From a provider's callback to the movement of the switch that the payment pays for, online, beside the bare floor measured in
the same run: one MQTT round trip, one commit of the server's database, one commit of a gateway's journal.

What lies between the two is mostly the head-end's look at its database, ten times a second. Server, broker, head-end and the
gateway's agent are processes of their own; the provider is played in this one. The meter's switch stands open for want of
credit; the clock runs from the callback's first byte until the meter's own memory says that the switch has closed.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.server.payments.players.server import send
from tests.system.running import Running, running, wait_for

from prewatt.edge.journal import Journal
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Record, chain, encode_entry, genesis
from prewatt.kernel.units import NANO
from prewatt.wire.link import Link, Received
from prewatt.wire.topics import down, up

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
AMOUNT = 20 * NANO


def main() -> None:
    with running(2) as made:
        paid, floor = run(made)
    print(f"{ROUNDS} payments, one meter online (seconds):")
    print(f"{'':52}  {'p50':>6}  {'p99':>6}")
    named = {"callback received to switch closed": paid, **floor}
    for name, times in named.items():
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        print(f"{name:52}  {statistics.median(times):6.3f}  {cuts[98]:6.3f}")


def run(made: Running) -> tuple[list[float], dict[str, list[float]]]:
    from prewatt.server.estate.models import Tenancy
    from prewatt.server.metering.models import Meter
    from prewatt.server.payments.models import Payment
    from prewatt.server.payments.payment_request import PaymentRequest, start
    from prewatt.server.sales.giving_back import give
    from prewatt.server.sales.top_ups import top_up
    from prewatt.server.vending.models import OPEN, Command, TopUp

    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(unit__meter__name="m0")
    meter, merchant = Meter.objects.get(name="m0"), made.merchants["wechat"]
    memory = made.edge / "meters" / "m0.json"

    def closed() -> bool:
        return bool(json.loads(memory.read_text())["closed"]) if memory.exists() else True

    def settled() -> bool:
        return not Command.objects.filter(meter=meter, state__in=OPEN).exists()

    from django.contrib.auth import get_user_model

    who = get_user_model().objects.get(username="manager")
    top_up(tenancy, AMOUNT, "first")
    wait_for(lambda: settled() and closed())
    floor = Floor(made)
    took = []
    for number in range(ROUNDS):
        meter.refresh_from_db()
        if meter.balance > 0:
            give(tenancy, -meter.balance, f"off {number}", who, "bench")
        wait_for(lambda: settled() and not closed())
        payment = start(PaymentRequest(tenancy, merchant, "native", AMOUNT, f"a{number}"))
        body, headers = made.providers.callback(made.providers.pay(payment))
        began = time.monotonic()
        status, _answer = send(made.callback_address(payment), body, headers)
        assert status == 200
        wait_for(closed, 0.0005)
        took.append(time.monotonic() - began)
        wait_for(settled)
        floor.measure()
    floor.stop()
    # Each payment is at the meter, once, and nothing else closed the switch.
    paid = Payment.objects.filter(tenancy=tenancy, state=Payment.State.PAID, top_up__amount=AMOUNT)
    assert paid.filter(top_up__command__state=Command.State.APPLIED).count() == len(took) == ROUNDS
    assert TopUp.objects.filter(tenancy=tenancy).count() == ROUNDS + 1
    return took, floor.figures()


class Floor:
    """What nobody can do without."""

    def __init__(self, made: Running) -> None:
        from prewatt.headend.shell import HEADEND_USER
        from prewatt.server.core.broker_tls import address_for
        from prewatt.server.core.database_config import django_database

        # A gateway that the broker knows like any other, and that does nothing but answer.
        made.add_gateway("floor")

        def link(user: str, name: str, topic: str) -> Link:
            found = Link(address_for(made.config, user, 15.0), name, [topic])
            found.start()
            wait_for(lambda: found.connected)
            return found

        self._there, self._back = (
            link(HEADEND_USER, "floor-there", up("floor")),
            link("floor", "floor-back", down("floor")),
        )
        self._folder = tempfile.TemporaryDirectory(dir=made.home)
        folder = Path(self._folder.name)
        self._database = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
        for command in str(django_database(made.config)["OPTIONS"]["init_command"]).split(";"):
            self._database.execute(command)
        self._database.execute("CREATE TABLE transfer (id INTEGER PRIMARY KEY, body BLOB)")
        self._journal, self._account, self._head = Journal(folder / "journal.sqlite3"), Account(), genesis("m0")
        self._times: dict[str, list[float]] = {"round trip": [], "database": [], "journal": []}

    def measure(self) -> None:
        self._timed("round trip", self._round_trip)
        self._timed("database", self._commit)
        entry = self._account.read(self._account.at + 1, self._account.seq)
        self._account.apply(entry)
        body = encode_entry(entry)
        self._head = chain(self._head, body)
        record = Record(entry.seq, body, self._head)
        self._timed("journal", lambda: self._journal.commit([("m0", record)], {}))

    def _timed(self, name: str, work: Callable[[], object]) -> None:
        began = time.monotonic()
        work()
        self._times[name].append(time.monotonic() - began)

    def _round_trip(self) -> None:
        self._there.publish(down("floor"), b"there")
        self._arrived(self._back)
        self._back.publish(up("floor"), b"and back")
        self._arrived(self._there)

    def _arrived(self, link: Link) -> None:
        while not any(isinstance(event, Received) for event in link.drain(1.0, 10)):
            pass

    def _commit(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("INSERT INTO transfer (body) VALUES (?)", [b"x" * 200])
        self._database.execute("COMMIT")

    def stop(self) -> None:
        self._there.stop()
        self._back.stop()
        self._database.close()
        self._journal.close()

    def figures(self) -> dict[str, list[float]]:
        whole = [sum(each) for each in zip(*self._times.values(), strict=True)]
        return {
            "floor: MQTT round trip, database and journal commit": whole,
            **{f"  {name}": times for name, times in self._times.items()},
        }


if __name__ == "__main__":
    main()
