"""What a meter used in a span of time, for charts: by the law of `kernel.span`, as on the statement. An interval
between two readings is never divided; it belongs to the day or the half-hour in which it ends.

Days are stored as sums (`DayUse`), so that no page reads years of entries. A page reads only the entries after the last
one that was summed, and stores their sums too if they are many.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q, Subquery

from ...kernel.calendar import day_bounds, zone
from ...kernel.span import Span, closing_day
from .intervals import intervals_of, use_between
from .kept_use import keep_use, use_of_row
from .models import DayUse, Meter
from .uses import Interval, Use

MANY = 96
"""If a page reads at least this many entries that are not summed yet (a day of readings), it stores their sums."""


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
    days = {day: use_of_row(row) for day, row in rows.items() if first <= day <= last}
    fresh: dict[date, Use] = {}

    def begun(day: date, interval: Interval) -> Use:
        """Return what is kept of a day that goes on, or a use that begins. A day that was not asked for is looked up."""
        row = rows.get(day) or (None if first <= day <= last else kept.filter(day=day).first())
        return use_of_row(row) if row else Use(interval.begins, interval.ends)

    count = 0
    for count, each in enumerate(intervals_of(meter, Q(seq__gt=summed)), 1):  # noqa: B007 (the last one is their number)
        day = closing_day(each.ends, place)
        if day not in fresh:
            fresh[day] = begun(day, each)
        fresh[day].add(each)
    if count >= MANY:
        keep_use(meter, place, summed, fresh)
    return dict(sorted((days | {day: use for day, use in fresh.items() if first <= day <= last}).items()))
