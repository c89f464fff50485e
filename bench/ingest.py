"""How many journal entries a head-end worker takes in (verified, rated anew, compared, booked, committed), beside what
the kernel alone rates and what Django alone inserts.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from itertools import count

from bench.measure import best, show
from prewatt.kernel.account import Account
from prewatt.kernel.entries import decode_command, decode_entry, encode_entry
from prewatt.kernel.tariff import DayType, Rate, Season, Switch, Tariff
from prewatt.kernel.units import MINUTE
from prewatt.serve import setup_django
from prewatt.wire import topics
from prewatt.wire.messages import Span, Upload
from prewatt.wire.signing import SigningKey, seal

METERS, READINGS, UPLOADS = 100, 96, 20
BEGIN = 1_759_744_800 * 10**6


def tariff() -> Tariff:
    """Two rates, as most have them."""
    day = DayType("day", tuple(range(8)), (Switch(0, "night"), Switch(360, "day"), Switch(1320, "night")))
    rates = (Rate("night", (200_000,)), Rate("day", (300_000,)))
    return Tariff("two rates", "EUR", "Europe/Berlin", rates, (Season("year", 1, 1, (day,)),))


def journal(commands: list[bytes]) -> list[bytes]:
    """A day of one meter."""
    account, bodies = Account(), []

    def append(entry: object) -> None:
        account.apply(entry)  # type: ignore[arg-type]
        bodies.append(encode_entry(entry))  # type: ignore[arg-type]

    append(account.read(BEGIN, 0))
    for body in commands:
        append(account.follow(BEGIN, decode_command(body)))
    for number in range(1, READINGS + 1):
        append(account.read(BEGIN + number * 15 * MINUTE, number * 137))
    return bodies


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["PREWATT_HOME"] = home
        setup_django()
        run()


def run() -> None:
    from prewatt.headend.ingest import plan, sort
    from prewatt.headend.store import Store
    from prewatt.server.estate.setup import Apartment, set_up_building
    from prewatt.server.metering.models import JournalEntry, Meter
    from prewatt.server.metering.services import enrol
    from prewatt.server.vending.models import Command

    numbers = count(1)

    def building() -> tuple[str, list[str], list[tuple[str, bytes]]]:
        """A new building, and a day of its meters, as uploads."""
        name, key = f"g{next(numbers)}", SigningKey.generate()
        apartments = [Apartment(f"{name}-{number}", f"{name}-{number}", "x") for number in range(METERS)]
        made = set_up_building(
            organisation=name,
            name=name,
            zone="Europe/Berlin",
            currency="EUR",
            tariff=tariff(),
            apartments=apartments,
            gateway=name,
            manager=name,
        )
        enrol(made.code, key.public())
        meters = [each.meter for each in apartments]
        rows = Command.objects.filter(meter__name=meters[0]).order_by("number").values_list("body", flat=True)
        bodies = tuple(journal([bytes(row) for row in rows]))
        # The commands name their meter; the entries that show them do not, so one journal serves for all.
        parts = [meters[first::UPLOADS] for first in range(UPLOADS)]
        uploads = [
            Upload(name, 1, number, tuple(Span(meter, 1, bodies) for meter in part))
            for number, part in enumerate(parts, 1)
        ]
        frames = [(topics.up(name), seal(key, upload)) for upload in uploads]
        return name, meters, frames

    buildings = [building() for _ in range(6)]
    entries = METERS * (READINGS + 3)
    store = Store(range(64))

    def take_in(frames: list[tuple[str, bytes]], name: str) -> None:
        batch = sort(frames, store.gateways({name}))
        result = plan(0, batch, store.views(batch.meters()))
        assert not result.refusals
        assert not any(change.differences for change in result.meters.values())
        store.commit(result)

    waiting = iter(buildings[:3])

    def ours() -> None:
        name, _, frames = next(waiting)
        take_in(frames, name)

    ingested = entries / best(ours)
    sample = buildings[0]
    rows = list(JournalEntry.objects.filter(meter__name__in=sample[1]))
    targets = iter(buildings[3:])

    def insert() -> None:
        ids = dict(Meter.objects.filter(name__in=next(targets)[1]).values_list("name", "pk"))
        by_number = dict(zip(sorted({row.meter_id for row in rows}), ids.values(), strict=True))
        JournalEntry.objects.bulk_create(_moved(row, by_number[row.meter_id]) for row in rows)

    bodies = [bytes(row.body) for row in rows if row.meter_id == rows[0].meter_id]
    command = {
        number: decode_command(bytes(body))
        for number, body in Command.objects.filter(meter__name=sample[1][0]).values_list("number", "body")
    }

    def rate() -> None:
        for _ in range(METERS):
            account = Account()
            for body in bodies:
                entry = decode_entry(body)
                account.apply(account.recompute(entry, command.get(getattr(entry, "command", 0))))

    limits: dict[str, Callable[[], None]] = {"bulk insert alone": insert, "kernel alone": rate}
    for name, work in limits.items():
        show(f"head-end: entries, {READINGS} a meter", ingested, name, entries / best(work))


def _moved(row: object, meter: int) -> object:
    from prewatt.server.metering.models import JournalEntry

    fields = {field.attname: getattr(row, field.attname) for field in JournalEntry._meta.concrete_fields}
    return JournalEntry(**{**fields, "meter_id": meter})


if __name__ == "__main__":
    main()
