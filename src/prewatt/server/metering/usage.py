"""What a meter used in a span of time, for charts: by the law of `kernel.span`, as on the statement. An interval between two
readings is never divided; it belongs to the day or the half-hour in which it ends.

Days are kept as sums (`DayUse`), so that nobody reads years of entries for a look: a look reads the entries since the last
that was summed, and keeps them too when they are many.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import DatabaseError, transaction
from django.db.models import Q, Subquery

from ...kernel.calendar import day_bounds, zone
from ...kernel.entries import FLAG_BETWEEN, Reading, decode_entry
from ...kernel.span import Span, closing_day
from ..core.spans import measured
from .looks import little_patience
from .models import DayUse, JournalEntry, Meter

log = logging.getLogger("prewatt.server")

MANY = 96
"""So many entries that are not summed yet are kept as sums by the look that meets them: a day of readings."""


class Interval(NamedTuple):
    """What was used between two readings, at `begins` (None if there is no reading before) and at `ends`: the energy in
    Wh and the charge in nano, in all and by rate. `reckoned`: whether it was worked out instead of read.
    """

    seq: int
    begins: int | None
    ends: int
    energy: int
    charge: int
    rates: Mapping[str, tuple[int, int]]
    reckoned: bool


@dataclass
class Use:
    """The sum of consecutive intervals: see `DayUse`, whose columns have the same names."""

    begins: int | None
    ends: int
    seq: int = 0
    energy: int = 0
    charge: int = 0
    reckoned: int = 0
    rates: dict[str, list[int]] = field(default_factory=dict)

    def add(self, interval: Interval) -> None:
        """Add the next interval."""
        self.ends = max(self.ends, interval.ends)
        self.seq = interval.seq
        self.energy += interval.energy
        self.charge += interval.charge
        self.reckoned += interval.energy if interval.reckoned else 0
        self._add_rates(interval.rates)

    def join(self, other: Use) -> None:
        """Add the use of a later time."""
        self.ends = max(self.ends, other.ends)
        self.energy += other.energy
        self.charge += other.charge
        self.reckoned += other.reckoned
        self._add_rates(other.rates)

    def _add_rates(self, rates: Mapping[str, tuple[int, int] | list[int]]) -> None:
        for rate, (energy, cost) in rates.items():
            sums = self.rates.setdefault(rate, [0, 0])
            sums[0] += energy
            sums[1] += cost

    @property
    def of_no_rate(self) -> int:
        """What the charge has beside the energy's price: fees, standing charges, tax; nano."""
        return self.charge - sum(cost for _energy, cost in self.rates.values())


def use_between(meter: Meter, span: Span) -> list[Interval]:
    """Return the intervals that ended in a span, in the order of the journal."""
    return list(_intervals(meter, measured(span)))


def use_by_day(meter: Meter, first: date, last: date, begins: int = 0, ends: int | None = None) -> dict[date, Use]:
    """Return the use of the local days from `first` to `last` in which the meter was read, as far as it lies between the
    instants `begins` and `ends` (None: no end), such as those of a tenancy.
    """
    place = zone(meter.property.zone)
    whole = _days(meter, first, last, place)
    span = Span.of_days(first, last, place).within(begins, ends)
    uses = {}
    for day, use in whole.items():
        bounds = Span(*day_bounds(day, place))
        part = bounds.within(span.begins, span.ends)
        if part == bounds:
            uses[day] = use
        elif part.ends > part.begins and (kept := _sum(use_between(meter, part))):
            uses[day] = kept
    return uses


def _sum(intervals: Iterable[Interval]) -> Use | None:
    use: Use | None = None
    for each in intervals:
        use = use or Use(each.begins, each.ends)
        use.add(each)
    return use


def _days(meter: Meter, first: date, last: date, place: ZoneInfo) -> dict[date, Use]:
    """Return the whole use of each day: what is kept, and what the journal has beyond that."""
    kept = DayUse.objects.filter(meter=meter, zone=place.key)
    # With the last that was summed, whose day may go on.
    latest = kept.order_by("-seq").values("pk")[:1]
    rows = {row.day: row for row in kept.filter(Q(day__range=(first, last)) | Q(pk__in=Subquery(latest)))}
    summed = max((row.seq for row in rows.values()), default=0)
    days = {day: _of_row(row) for day, row in rows.items() if first <= day <= last}
    fresh: dict[date, Use] = {}

    def begun(day: date, interval: Interval) -> Use:
        """Return what is kept of a day that goes on, or a use that begins. A day that was not asked for is looked up."""
        row = rows.get(day) or (None if first <= day <= last else kept.filter(day=day).first())
        return _of_row(row) if row else Use(interval.begins, interval.ends)

    count = 0
    for count, each in enumerate(_intervals(meter, Q(seq__gt=summed)), 1):  # noqa: B007 (the last one is their number)
        day = closing_day(each.ends, place)
        if day not in fresh:
            fresh[day] = begun(day, each)
        fresh[day].add(each)
    if count >= MANY:
        _keep(meter, place, summed, fresh)
    return dict(sorted((days | {day: use for day, use in fresh.items() if first <= day <= last}).items()))


def _of_row(row: DayUse) -> Use:
    return Use(row.begins, row.ends, row.seq, row.energy, row.charge, row.reckoned, row.rates)


def _keep(meter: Meter, place: ZoneInfo, summed: int, days: Mapping[date, Use]) -> None:
    """Keep the sums of days. No page waits or fails for it: the next look does it again."""
    try:
        with little_patience(), transaction.atomic():
            DayUse.objects.filter(meter=meter).exclude(zone=place.key).delete()
            before = DayUse.objects.filter(meter=meter, day__in=days, seq__lte=summed)
            before.delete()
            # If another look was first, its rows are there: this one is refused as a whole.
            DayUse.objects.bulk_create(
                DayUse(
                    meter=meter,
                    zone=place.key,
                    day=day,
                    begins=use.begins,
                    ends=use.ends,
                    seq=use.seq,
                    energy=use.energy,
                    charge=use.charge,
                    reckoned=use.reckoned,
                    rates=use.rates,
                )
                for day, use in days.items()
            )
    except DatabaseError as error:
        log.debug("the use of days is not kept: %s", error)


def _intervals(meter: Meter, which: Q) -> Iterator[Interval]:
    """Yield the intervals of the readings that `which` selects. No further than the meter's row says: the head-end may
    have stored more since that was read.
    """
    # A reading that the server does not take for one has no energy here, and was charged by nobody.
    readings = JournalEntry.objects.filter(
        meter=meter, seq__lte=meter.seq, energy__isnull=False, register__isnull=False
    )
    begins: int | None = None
    is_first = True
    rows = readings.filter(which).order_by("seq").values_list("seq", "at", "energy", "charge", "body")
    for seq, at, energy, charge, body in rows.iterator():
        if is_first:
            before = readings.filter(seq__lt=seq).order_by("-seq").values_list("at", flat=True).first()
            begins, is_first = before, False
        entry = decode_entry(bytes(body))
        assert isinstance(entry, Reading)
        rates: dict[str, tuple[int, int]] = {}
        for each in entry.used:
            known = rates.get(each.rate, (0, 0))
            rates[each.rate] = (known[0] + each.energy, known[1] + each.energy * each.price)
        yield Interval(seq, begins, at, energy or 0, charge or 0, rates, bool(entry.flags & FLAG_BETWEEN))
        begins = at
