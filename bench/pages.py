"""What each page costs as a landlord grows: queries, processor, p50 and p95, bytes; beside an empty Django view in a process of the
same kind, in the same run. While it is measured, each meter moves every 15 minutes, and the worker's keeper works out what moved.
What a tenant's first visit sends to a browser (`bench/visit.py`) is counted once.

Houses of 250 flats are copied inside of the database: all of a kind have the same journal of a week.

    python -m bench.pages [units ...]
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bench.visit import report as first_visit
from bench.visit import session
from prewatt.kernel.account import Account
from prewatt.kernel.entries import SetTariff, decode_command, encode_entry
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, HOUR, NANO

SIZES = (24, 2_000, 20_000)
HOUSE = 250
"""The most flats of a property."""
HOME = "tenant's home"
TIMES, FEWEST, PATIENCE = 40, 12, 8.0
"""Requests of each page, each with one of the empty view before it; fewer of a page whose requests take longer than so many
seconds together.
"""
MOST_QUERIES, MOST_CPU, MOST_TIMES = 11, 0.100, 5.0
"""The limits of the first page: queries, seconds of processor, and how many times the p95 of the empty view."""
READINGS, STEP = 28, 6 * HOUR
"""The readings of a week."""
PAID = (90, 30, 12, 6)
"""What the kinds of flats have paid: some run out soon, some are off."""

OF_PROPERTY = {
    "plan": "overview:plan",
    "tariffs": "tariffs:tariffs",
    "shared costs": "sharing:shared_costs",
    "losses": "sharing:building_balance",
    "supply": "supply:supply",
    "flats and gateways": "estate:building",
    "first payment": "begin:first_payment",
    "emergency codes": "emergency_codes:emergency_codes",
    "alarms": "alarms:alarms",
    "statements": "papers:statements",
    "readings now": "readings:readings",
    "tenants' logins": "residents:residents",
    "not reached": "contacts:not_reached",
    "many flats": "batch:batch",
}
OF_UNIT = {
    "unit": "units:unit",
    "unit, money": "units:money",
    "unit, switch": "units:switch",
    "unit, people": "units:people",
    "unit, papers": "units:papers",
    "unit, journal": "units:journal",
}
OF_LANDLORD = {
    "books": "books:books",
    "till": "till:till",
    "till, day": "till:day",
    "payments": "payments:payments",
    "bills": "bills:bills",
    "reconciliation": "reconciliation:reconciliation",
    "bank statements": "bank:bank",
    "fault reports": "reports:reports",
    "notes": "notes:notes",
    "landlord": "estate:organisation",
    "people": "people:people",
    "changes": "audit:changes",
}
"""Pages of the console by the names of their addresses."""
GROWS = {
    "plan": "a tile for each flat of a property, fit for a screen on the wall, is what it is for",
    "losses": "the sums of all meters of a property are what it shows",
    "emergency codes": "a box for each flat that takes codes",
    "notes": "a line for each building",
    "landlord": "a line for each building",
    "people": "a box for each building, for whom each person works",
}
"""What may grow, and why. A property has `HOUSE` flats at most: pages of one grow up to that."""
MOST_GROWTH = 2.0
"""How many times as much processor as with the fewest units a page may take that is said not to grow."""


@dataclass
class Cost:
    """What one page costs: `cpu`, `p50`, `p95`, `empty` (the p95 of the empty view beside it) in s."""

    queries: int
    cpu: float
    p50: float
    p95: float
    empty: float
    size: int


# -- the landlord ----------------------------------------------------------------------------------------------------------


def populate(units: int) -> dict[str, str]:
    """Fill the database. Returns the paths of the pages, by name."""
    from django.db import transaction
    from django.urls import reverse

    from prewatt.server.accounts.first_passwords import FirstPassword
    from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building
    from prewatt.server.estate.models import Tenancy, Unit
    from prewatt.server.estate.residents import Resident
    from prewatt.server.metering.models import Gateway, Meter

    houses = [min(HOUSE, units - done) for done in range(0, units, HOUSE)]
    with transaction.atomic():
        made = [
            set_up_building(
                BuildingPlan(
                    organisation="Large",
                    name=f"House {number}",
                    zone="Europe/Berlin",
                    currency="EUR",
                    gateway=f"house{number}",
                    manager="manager",
                    password="" if number else "correct horse battery",
                    tariff=flat_tariff("flat", "EUR", "Europe/Berlin", 250_000),
                    apartments=[Apartment("001", f"{number}-0", "Tenant 0")] if not number else [],
                )
            )
            for number, _flats in enumerate(houses)
        ]
        for number, (building, flats) in enumerate(zip(made, houses, strict=True)):
            there = Unit.objects.filter(property=building.property).count()
            rows = Unit.objects.bulk_create(
                Unit(property=building.property, name=f"{1 + each // 25}{each % 25:02}") for each in range(there, flats)
            )
            gateway = Gateway.objects.filter(property=building.property).first() or Gateway.objects.create(
                property=building.property, name=f"house{number}"
            )
            Meter.objects.bulk_create(Meter(name=f"{number}-{row.pk}", unit=row, gateway=gateway) for row in rows)
            Tenancy.objects.bulk_create(Tenancy(unit=row, tenant=f"Tenant {row.pk}", begins=1) for row in rows)
        _to_be_looked_at()
        # They have chosen a password of their own.
        FirstPassword.objects.all().delete()
        Gateway.objects.update(is_online=True, since=_now() - DAY)
        _journals()
    home, flat = made[0].property.pk, Unit.objects.order_by("pk").first()
    assert flat is not None and Resident.objects.exists()
    first = reverse("console:overview:properties")
    return {
        "home": first,
        "home, by need": f"{first}?order=need",
        "home, without power": f"{first}?show=off",
        "home, looked for": f"{first}?q=Tenant+1",
        **{name: reverse(f"console:{view}", args=[home]) for name, view in OF_PROPERTY.items()},
        **{name: reverse(f"console:{view}", args=[flat.pk]) for name, view in OF_UNIT.items()},
        **{name: reverse(f"console:{view}") for name, view in OF_LANDLORD.items()},
        HOME: reverse("tenant:home:tenancy"),
        "log in": reverse("account_login"),
    }


def _to_be_looked_at() -> None:
    """Give each second flat an open alarm and a fault report, and all of them a note."""
    from prewatt.server.correspondence.models import Note, NoteTo, Report
    from prewatt.server.estate.models import Organisation, Tenancy
    from prewatt.server.metering.models import Alarm, Meter

    at = _now() - HOUR
    meters = Meter.objects.filter(unit__isnull=False).order_by("pk")[::2]
    Alarm.objects.bulk_create(Alarm(meter=each, kind="difference", at=at, text="A difference.") for each in meters)
    tenancies = list(Tenancy.objects.order_by("pk"))
    Report.objects.bulk_create(
        Report(tenancy=each, asked="1", category=Report.Category.METER, made_at=at, changed_at=at)
        for each in tenancies[::2]
    )
    note = Note.objects.create(
        organisation=Organisation.objects.get(), asked="1", title="Water", text="Off on Monday.", at=at, by="manager"
    )
    NoteTo.objects.bulk_create(NoteTo(note=note, tenancy=each) for each in tenancies)


def _now() -> int:
    from prewatt.server.core.time import now

    return now()


def _journals() -> None:
    """Give each meter the journal of its kind: a week, and what it has paid."""
    from prewatt.server.metering.accounts import kept
    from prewatt.server.metering.models import JournalEntry, Meter
    from prewatt.server.vending.models import Command

    orders = [bytes(each) for each in Command.objects.order_by("number").values_list("body", flat=True)]
    kinds = [_journal(orders, paid) for paid in PAID]
    meters = list(Meter.objects.filter(unit__isnull=False).order_by("pk"))
    for number, meter in enumerate(meters):
        account, rows = kinds[number % len(kinds)]
        for name, value in kept(account, b"").items():
            setattr(meter, name, value)
        meter.seq, meter.balance, meter.register = account.seq, account.balance, account.register
        meter.at, meter.read_at, meter.closed, meter.is_low = (
            account.at,
            account.read_at,
            account.closed,
            account.is_low(),
        )
        meter.commands = meter.taken = account.command
        JournalEntry.objects.bulk_create((JournalEntry(meter=meter, **row) for row in rows), batch_size=1000)
    fields = (
        "seq",
        "balance",
        "register",
        "at",
        "read_at",
        "closed",
        "is_low",
        "commands",
        "taken",
        "head",
        "account",
        "digest",
    )
    Meter.objects.bulk_update(meters, fields, batch_size=200)


def _journal(orders: list[bytes], paid: int) -> tuple[Account, list[dict[str, Any]]]:
    account, rows = Account(), []
    begin = _now() // HOUR * HOUR - READINGS * STEP

    def take(entry: Any) -> None:
        account.apply(entry)
        rows.append(
            {
                "seq": account.seq,
                "at": entry.at,
                "kind": str(entry.__struct_config__.tag),
                "balance": account.balance,
                "register": getattr(entry, "register", None),
                "energy": getattr(entry, "energy", None),
                "charge": getattr(entry, "charge", None),
                "closed": getattr(entry, "closed", None),
                "body": encode_entry(entry),
                "hash": b"",
            }
        )

    take(account.read(begin, 0))
    for body in orders:
        command = decode_command(body)
        if isinstance(command.order, SetTariff):
            # It has held for as long as the meters count.
            command = replace(command, order=SetTariff(0, command.order.tariff))
        take(account.follow(begin, command))
    account.credited, account.balance = paid * NANO, paid * NANO
    take(account.relay(begin, True, "credit"))
    for number in range(1, READINGS + 1):
        take(account.read(begin + number * STEP, number * 1200))
        if account.balance <= 0 and account.closed:
            take(account.relay(begin + number * STEP, False, "exhausted"))
    return account, rows


# -- what is measured ------------------------------------------------------------------------------------------------------


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Serve a module's pages in a process of their own. Yields it, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", module, *arguments, str(listening.fileno())]
        process = subprocess.Popen(command, pass_fds=[listening.fileno()])
        try:
            yield process, listening.getsockname()[1]
        finally:
            process.terminate()
            process.wait()


@contextmanager
def living() -> Iterator[None]:
    """Let meters move as often as in life, and the keeper look, while something is measured."""
    from django.db import connection
    from django.db.models import F

    from prewatt.server.metering.models import Meter
    from prewatt.server.overview.keeping import Keeper

    ended, keeper, every = threading.Event(), Keeper(), 2.0
    meters = list(Meter.objects.values_list("pk", flat=True))

    def live() -> None:
        at = 0
        while not ended.wait(every):
            some = [meters[(at + each) % len(meters)] for each in range(max(int(len(meters) / 900 * every), 1))]
            at += len(some)
            Meter.objects.filter(pk__in=some).update(seq=F("seq") + 1)
            keeper.keep()
        connection.close()

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def processor(process: subprocess.Popen[bytes]) -> float:
    """Return the seconds of processor that a process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(port: int, path: str, cookie: str = "") -> tuple[float, int]:
    """Ask for a page. Returns the seconds until it was here, and its bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    began = time.perf_counter()
    connection.request("GET", path, headers={"Host": "localhost", "Cookie": cookie})
    answer = connection.getresponse()
    size = len(answer.read())
    took = time.perf_counter() - began
    connection.close()
    assert answer.status == 200, (path, answer.status)
    return took, size


def queries(path: str, cookie: str) -> int:
    """Return how many queries a page takes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert Client(headers={"Cookie": cookie, "Host": "localhost"}).get(path).status_code == 200
    return len(captured)


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[18]


def measure(units: int) -> dict[str, Cost]:
    """Measure all pages of a landlord of so many units."""
    from prewatt.server.overview.keeping import Keeper
    from prewatt.server.overview.models import Place

    began = time.monotonic()
    paths = populate(units)
    filled = time.monotonic()
    keeper = Keeper()
    while Place.objects.exclude(state="").count() < units:
        # As the worker does, which rests when all is worked out.
        keeper.keep()
    kept = time.monotonic()
    print(
        f"{units} units: filled in {filled - began:.0f} s, kept for the first time in {kept - filled:.0f} s", flush=True
    )
    costs = {}
    with serving("bench.pages", "serve") as (process, port), serving("bench.empty") as (_empty, empty), living():
        for name, path in paths.items():
            # Each page has a session of its own: the server lets nobody ask as often as this does.
            cookie = _cookie(name)
            ask(port, path, cookie), ask(empty, "/")
            used, times, beside = processor(process), [], []
            began = time.monotonic()
            while len(times) < TIMES and (len(times) < FEWEST or time.monotonic() < began + PATIENCE):
                beside.append(ask(empty, "/")[0])
                took, size = ask(port, path, cookie)
                times.append(took)
            cpu = (processor(process) - used) / len(times)
            costs[name] = Cost(queries(path, cookie), cpu, statistics.median(times), p95(times), p95(beside), size)
            said = f"{cpu * 1e3:.1f} ms of processor, p95 {p95(times) / p95(beside):.1f} times an empty view's"
            print(f"  {name}: {said}", file=sys.stderr, flush=True)
        if units <= HOUSE:
            print(first_visit(port, paths[HOME], _cookie(HOME)), flush=True)
    return costs


def _cookie(page: str) -> str:
    if page == "log in":
        return ""
    return session(residences__isnull=False) if page == HOME else session(username="manager")


def report(units: int, costs: dict[str, Cost], first: dict[str, Cost]) -> None:
    """Print what pages cost, and how many times as much processor as with the fewest units."""
    print(
        f"{'page':22} {'queries':>7} {'CPU ms':>7} {'p50 ms':>7} {'p95 ms':>7} {'x empty':>7} {'bytes':>8} {'growth':>7}"
    )
    for name, cost in costs.items():
        grown = cost.cpu / first[name].cpu if first[name].cpu else 1.0
        why = GROWS.get(name) or ("" if grown <= MOST_GROWTH else f"more than {MOST_GROWTH:.0f} times")
        print(
            f"{name:22} {cost.queries:7} {cost.cpu * 1e3:7.1f} {cost.p50 * 1e3:7.1f} {cost.p95 * 1e3:7.1f} "
            f"{cost.p95 / cost.empty:7.1f} {cost.size:8} {grown:7.1f}  {why}".rstrip()
        )
    home = costs["home"]
    print(f"an empty view beside it: p95 {home.empty * 1e3:.1f} ms")
    print(
        f"home of {units} units: {home.queries} queries (limit {MOST_QUERIES}), {home.cpu * 1e3:.0f} ms of processor "
        f"(limit {MOST_CPU * 1e3:.0f}), p95 {home.p95 / home.empty:.1f} times an empty view's (limit {MOST_TIMES:.0f})",
        flush=True,
    )


def main() -> None:
    sizes = [int(each) for each in sys.argv[1:]] or list(SIZES)
    first: dict[str, Cost] = {}
    for units in sizes:
        # Each size has a folder of its own, and so a process.
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "costs"
            environment = {**os.environ, "PREWATT_HOME": folder}
            subprocess.run(
                [sys.executable, "-m", "bench.pages", "measure", str(units), str(result)], env=environment, check=True
            )
            costs = {name: Cost(**cost) for name, cost in json.loads(result.read_text()).items()}
        first = first or costs
        report(units, costs, first)


def _part(name: str, *arguments: str) -> None:
    """Do a part of it in this process: `measure` a size, or `serve` the pages on a socket."""
    from prewatt.processes.database import load_models, setup_django

    if name == "serve":
        load_models()
        from prewatt.processes.pages.process import serve
        from prewatt.server.wsgi import application

        serve(application, socket.socket(fileno=int(arguments[0])))
        return
    setup_django()
    costs = {name: asdict(cost) for name, cost in measure(int(arguments[0])).items()}
    Path(arguments[1]).write_text(json.dumps(costs))


if __name__ == "__main__":
    if sys.argv[1:2] in (["measure"], ["serve"]):
        _part(*sys.argv[1:])
    else:
        main()
