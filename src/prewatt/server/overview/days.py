"""The figures of a property's days: what its meters counted, and what each flat's last days cost. They grow with the
journals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import F

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.forecast import WEEKS
from ..metering.models import JournalEntry, Meter
from .models import DayFigures, Place

COUNTS = {Meter.Role.UNIT: "units", Meter.Role.COMMON: "common", Meter.Role.MAIN: "main"}
"""The column of a day by the role of a meter."""
Key = tuple[int, date]
"""A property and a local day."""


class _Beginning(NamedTuple):
    """From when entries of a meter are taken: after `at`. `first_day`: the first one whose cost a place keeps."""

    at: int
    first_day: date
    zone: ZoneInfo


def month_before(today: date) -> date:
    """Return the first day of the month before the one of `today`."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def count(places: Collection[Place], meters: Mapping[int, Meter], at: int) -> None:
    """Add the new journal entries, up to the `seq` of each meter, to the days of places and of their properties. Places
    must be locked; those without a meter are left alone.
    """
    by_meter = {place.meter_id: place for place in places if place.meter_id is not None}
    beginnings = {pk: _beginning(meters[pk], at) for pk in by_meter}
    sums: dict[tuple[Key, str], int] = defaultdict(int)
    entries = JournalEntry.objects.filter(
        meter__place__in=list(by_meter.values()), seq__gt=F("meter__place__counted"), energy__isnull=False
    ).values_list("meter_id", "seq", "at", "energy", "charge")
    for pk, seq, when, energy, charge in entries.iterator(chunk_size=5000):
        place, meter, beginning = by_meter[pk], meters[pk], beginnings[pk]
        if seq > meter.seq or when <= beginning.at:
            continue
        # A reading at midnight closes the day before.
        day = local_day(when - 1, beginning.zone)
        sums[(place.property_id, day), COUNTS[Meter.Role(meter.role)]] += energy or 0
        if place.unit_id is not None:
            _add_cost(place, day, charge)
    for pk, place in by_meter.items():
        place.counted = meters[pk].seq
        _forget_before(place, beginnings[pk].first_day)
    add(sums)


def _beginning(meter: Meter, at: int) -> _Beginning:
    place = zone(meter.property.zone)
    first_day = _first_day(meter, at, place)
    return _Beginning(day_bounds(min(first_day, month_before(local_day(at, place))), place)[0], first_day, place)


def _add_cost(place: Place, day: date, cost: int | None) -> None:
    place.days[day.isoformat()] = place.days.get(day.isoformat(), 0) + (cost or 0)


def _forget_before(place: Place, first: date) -> None:
    place.days = {day: cost for day, cost in place.days.items() if day >= first.isoformat()}


def _first_day(meter: Meter, at: int, zone_: ZoneInfo) -> date:
    """Return the first day whose cost says how long a credit lasts: some weeks before the last reading."""
    read = local_day(min(at, meter.read_at or at), zone_)
    return read - timedelta(weeks=WEEKS, days=1)


def cost_of(place: Place) -> dict[date, int]:
    """Return what the last local days of a place cost, nano."""
    return {date.fromisoformat(day): cost for day, cost in place.days.items()}


def add(sums: Mapping[tuple[Key, str], int]) -> None:
    """Add amounts to columns of days. The row of a day is made if it is not there."""
    by_key: dict[Key, dict[str, int]] = defaultdict(dict)
    for (key, column), amount in sums.items():
        by_key[key][column] = amount
    DayFigures.objects.bulk_create(
        (DayFigures(property_id=pk, day=day) for pk, day in sorted(by_key)), ignore_conflicts=True
    )
    for (pk, day), columns in sorted(by_key.items()):
        rows = DayFigures.objects.filter(property=pk, day=day)
        rows.update(**{column: F(column) + amount for column, amount in columns.items()})
