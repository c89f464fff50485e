"""The energy balance of a building: what its main meter measured, compared with the sum of all others. The difference
is unaccounted-for energy: lost, stolen, or measured wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
from django.db.models import Sum
from django.utils.translation import gettext as _

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.sentences import Energy, Month, Number, sentence
from ...kernel.units import MINUTE
from ..core.time import now
from ..estate.models import Property
from .alarms import raise_alarm
from .apart import apart
from .models import Alarm, JournalEntry, Meter
from .registers import Ints, registers

INTERVAL = 15 * MINUTE
ROLES = (Meter.Role.MAIN, Meter.Role.UNIT, Meter.Role.COMMON)


@dataclass(frozen=True)
class Span:
    """The balance from `begins` to `ends`, Wh."""

    begins: int
    ends: int
    main: int
    units: int
    common: int

    @property
    def unaccounted(self) -> int:
        """Return the unaccounted-for energy, Wh: what the main meter measured and no other; negative if the others
        measured more.
        """
        return self.main - self.units - self.common

    @property
    def percent(self) -> Decimal | None:
        """Return `unaccounted` in percent of the main meter's energy, to two decimals; None if that is 0."""
        return (Decimal(100 * self.unaccounted) / self.main).quantize(Decimal("0.01")) if self.main else None


class BalanceError(ValueError):
    """There is no energy balance; the message says why."""


def balance(property_: Property, begin: int, end: int, interval: int = INTERVAL) -> list[Span]:
    """Return the energy balance by `interval` (µs), from `begin` to `end` or as far as all meters have reported. Raises
    BalanceError without a main meter, or without readings.
    """
    points = np.arange(begin, end + 1, interval, dtype=np.int64)
    return _at(property_, points)


def by_month(property_: Property, end: int, months: int = 13) -> list[Span]:
    """Return the energy balance by local month, the last one up to `end`. An interval between two readings belongs to
    the month in which it ends. Raises BalanceError as `balance` does.
    """
    _mains(property_)
    zone_ = zone(property_.zone)
    starts = [local_day(end, zone_).replace(day=1)]
    for _number in range(months - 1):
        starts.insert(0, (starts[0] - timedelta(days=1)).replace(day=1))
    points = [*(day_bounds(start, zone_)[0] for start in starts), end]
    spans = []
    for begin, until in pairwise(points):
        rows = (
            JournalEntry.objects.filter(meter__gateway__property=property_, at__gt=begin, at__lte=until)
            .values("meter__role")
            .annotate(sum=Sum("energy"))
        )
        sums = {row["meter__role"]: int(row["sum"] or 0) for row in rows}
        if sums.get(Meter.Role.MAIN):
            spans.append(Span(begin, until, *(sums.get(role, 0) for role in ROLES)))
    return spans


def month_of(span: Span, property_: Property) -> date:
    """Return the first day of a span's local month."""
    return local_day(span.begins, zone(property_.zone)).replace(day=1)


def over(span: Span, property_: Property) -> bool:
    """Return whether the unaccounted-for energy, of either sign, is over the property's threshold."""
    return span.percent is not None and abs(span.percent) > property_.loss_alarm


def _mains(property_: Property) -> list[Meter]:
    # What was taken away without ever having reported has counted nothing.
    meters = list(Meter.objects.filter(gateway__property=property_).exclude(archived_at__isnull=False, read_at=None))
    if not any(meter.role == Meter.Role.MAIN for meter in meters):
        raise BalanceError(_("This building has no main meter."))
    for meter in meters:
        if meter.read_at is None:
            raise BalanceError(_("Meter %(meter)s has not reported yet.") % {"meter": meter})
    return meters


def _read_until(meters: list[Meter]) -> int:
    """Return the instant up to which all meters were read. One that was taken away ends no balance."""
    in_use = [meter for meter in meters if meter.archived_at is None]
    return min(int(meter.read_at or 0) for meter in in_use or meters)


def _at(property_: Property, points: Ints) -> list[Span]:
    meters = _mains(property_)
    known = {meter.pk: registers(meter, int(points[0]), int(points[-1])) for meter in meters}
    # Where not all meters were read there is no balance.
    begin, end = max(int(each.at[0]) for each in known.values()), _read_until(meters)
    points = np.unique(np.clip(points, begin, max(begin, end)))
    sums = {role: np.zeros(len(points) - 1, dtype=np.int64) for role in ROLES}
    for meter in meters:
        sums[Meter.Role(meter.role)] += np.diff(known[meter.pk].used_up_to(points))
    return [
        Span(int(points[i]), int(points[i + 1]), *(int(sums[role][i]) for role in ROLES))
        for i in range(len(points) - 1)
    ]


def raise_alarms() -> list[str]:
    """Raise an alarm at the main meter of each property where the unaccounted-for energy of the last full month is over
    its threshold; once a month. Returns the texts.
    """
    texts = apart("balance", Property.objects.all(), _look_at, lambda property_: property_.gateways.first())
    return [text for text in texts if text]


def _look_at(property_: Property) -> str:
    """Check one property. Returns the text of the alarm; empty if there is nothing new."""
    first = local_day(now(), zone(property_.zone)).replace(day=1)
    end = day_bounds(first, zone(property_.zone))[0]
    try:
        spans = by_month(property_, end - 1, months=1)
    except BalanceError:
        return ""
    main = Meter.objects.filter(gateway__property=property_, role=Meter.Role.MAIN).first()
    if not spans or main is None or not over(spans[-1], property_):
        return ""
    text = sentence(
        "%(month)s: %(kwh)s kWh (%(percent)s %%) of %(where)s are not accounted for.",
        month=Month(month_of(spans[-1], property_)),
        kwh=Energy(spans[-1].unaccounted),
        percent=Number(str(spans[-1].percent)),
        where=property_,
    )
    if Alarm.objects.filter(meter=main, at=end).exists():
        return ""
    raise_alarm("unaccounted", text, end, meter=main, key=str(end), seq=main.seq)
    return text
