"""What a tenancy's meter used by local day, and how long its credit will last."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from ...kernel.calendar import day_bounds, local, zone
from ...kernel.forecast import WEEKS, days_until, forecast, spending
from ...kernel.span import Span
from ...kernel.units import MINUTE
from ..core.spans import measured
from ..estate.models import Tenancy
from .models import JournalEntry, Meter


def by_day(meter: Meter, tenancy: Tenancy, days: Sequence[date], zone_: ZoneInfo) -> list[tuple[int, int]]:
    """Return (Wh, nano) for each of some consecutive local days, as far as they belong to the tenancy. A reading at
    midnight closes the day before.
    """
    ends = [day_bounds(day, zone_)[1] for day in days]
    span = Span.of_days(days[0], days[-1], zone_).within(tenancy.begins, tenancy.ends)
    # No further than the meter's row says: the head-end may have stored more since that was read.
    inside = measured(span) & Q(seq__lte=meter.seq)
    energy, charge = [0] * len(days), [0] * len(days)
    for at, used, cost in JournalEntry.objects.filter(inside, meter=meter, charge__isnull=False).values_list(
        "at", "energy", "charge"
    ):
        index = bisect_left(ends, at)
        energy[index] += used or 0
        charge[index] += cost or 0
    return list(zip(energy, charge, strict=True))


def days_left(meter: Meter, tenancy: Tenancy, balance: int, at: int, since: int | None = None) -> int | None:
    """Return for about how many days a balance (nano) will last, by the meter's recent weeks; None if too little is
    known. `since`: the instant of the balance; left out, that of the last reading. The time from then on counts at the usual
    use.
    """
    if meter.read_at is None or balance <= 0:
        return None
    _read, cost = _recent(meter, meter.read_at, tenancy)
    lasts = _lasts_until(meter.read_at if since is None else since, zone(tenancy.unit.property.zone), balance, cost)
    return None if lasts is None else days_until(lasts, at)


def fewer_days_from(lasts: int, days: int) -> int:
    """Return the instant from which `days_until` says fewer than `days`, for credit that lasts until the instant
    `lasts`.
    """
    return lasts - (1440 * days - 721) * MINUTE


def lasts_until(
    read_at: int, begins: int, zone_: ZoneInfo, balance: int, cost: Mapping[date, int], since: int | None = None
) -> int | None:
    """Return the instant until which a balance (nano) will last; None if too little is known, or there is no balance.
    `cost`: what the local days before the last reading at `read_at` cost (nano); a missing day cost nothing. Days before the
    tenancy began (at `begins`) do not count. `since`: the instant of the balance; left out, that of the last reading.
    """
    if balance <= 0:
        return None
    known = {day: cost.get(day, 0) for day in _days_before(local(read_at, zone_), begins, zone_)}
    return _lasts_until(read_at if since is None else since, zone_, balance, known)


def _lasts_until(since: int, zone_: ZoneInfo, balance: int, cost: Mapping[date, int]) -> int | None:
    begins = local(since, zone_)
    outlook = forecast(balance, cost, begins.date(), begins.hour * 60 + begins.minute)
    return None if outlook is None else since + outlook.minutes * MINUTE


def spent_since(meter: Meter, tenancy: Tenancy, at: int) -> int | None:
    """Return about how much (nano) was used since the meter's last reading, by its recent weeks; None if too little is
    known.
    """
    if meter.read_at is None or meter.closed is False:
        return None
    read, cost = _recent(meter, meter.read_at, tenancy)
    return spending(cost, read.date(), read.hour * 60 + read.minute, (at - meter.read_at) // MINUTE)


def _recent(meter: Meter, read_at: int, tenancy: Tenancy) -> tuple[datetime, dict[date, int]]:
    """Return the last reading on the local clock, and the cost (nano) of the whole days of the weeks before it."""
    zone_ = zone(tenancy.unit.property.zone)
    read = local(read_at, zone_)
    days = _days_before(read, tenancy.begins, zone_)
    if not days:
        return read, {}
    return read, dict(zip(days, (charge for _, charge in by_day(meter, tenancy, days, zone_)), strict=True))


def _days_before(read: datetime, begins: int, zone_: ZoneInfo) -> list[date]:
    """Return the whole local days of the weeks before a reading that belong to a tenancy."""
    days = (read.date() - timedelta(days=number) for number in range(7 * WEEKS, 0, -1))
    return [day for day in days if day_bounds(day, zone_)[0] >= begins]
