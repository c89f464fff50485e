"""A move that is put right at a flat with a keypad meter: the days between the wrong and the right instant."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from ...kernel.calendar import local_day, zone
from ...kernel.rating import Counters, Rated, rate_interval
from ...kernel.span import closing
from ..estate.models import Tenancy
from ..vending.keypads import account_meter_of, lock_keypads
from ..vending.models import KeypadEntry, TokenMeter
from .keypad_entries import Standing, give_days_back, standing_by, standing_of, versions_of, write


def move_put_right(tenancy: Tenancy, began: int, ended: int | None) -> None:
    """Charge a tenancy the days by which it begins earlier than it did (`began`), or give back those by which it begins
    later. If it does not end when it did (`ended`), what was charged for that end is given back: its settlement charges
    it again. An account without entries begins with the tenancy by itself. The caller holds the transaction.
    """
    token_meter = account_meter_of(tenancy)
    if token_meter is None or not tenancy.keypad_entries.exists():
        return
    lock_keypads([tenancy.unit_id])
    if ended is not None and tenancy.ends != ended:
        days = tenancy.keypad_entries.filter(kind=KeypadEntry.Kind.DAYS, until=ended, backs=None)
        give_days_back(tenancy, token_meter, standing_by(tenancy, token_meter, closing(ended)), days)
    if tenancy.begins != began:
        _begin_anew(tenancy, token_meter, began)


def _begin_anew(tenancy: Tenancy, token_meter: TokenMeter, before: int) -> None:
    standing = standing_of(tenancy, token_meter)
    if tenancy.begins > before:
        days = tenancy.keypad_entries.filter(kind=KeypadEntry.Kind.DAYS, until__lte=tenancy.begins, backs=None)
        charged = sum(each.charge - each.tax for each in days if _in_month(tenancy, each.until, standing.counters))
        counters = _with_days(tenancy, standing.counters, before, -charged)
        if days:
            give_days_back(tenancy, token_meter, Standing(standing.until, counters), days)
            return
        # Days that cost nothing of themselves count for the month's minimum.
        rated = Rated((), 0, 0, 0, 0, 0, 0, counters)
        write(tenancy, token_meter, KeypadEntry.Kind.DAYS, closing(tenancy.begins), standing.until, rated)
        return
    begins = max(tenancy.begins, token_meter.placed_at or 0)
    rated = rate_interval(versions_of(tenancy), begins, max(before, begins), 0, Counters())
    charged = rated.counters.charged if _in_month(tenancy, before, standing.counters) else 0
    rated = rated._replace(counters=_with_days(tenancy, standing.counters, before, charged))
    write(tenancy, token_meter, KeypadEntry.Kind.DAYS, closing(before), standing.until, rated)


def _in_month(tenancy: Tenancy, until: int, counters: Counters) -> bool:
    """Return whether what ended at an instant was in the month that counters count."""
    of, day = local_day(closing(until), zone(tenancy.unit.property.zone)), date.fromordinal(max(counters.day, 1))
    return (of.year, of.month) == (day.year, day.month)


def _with_days(tenancy: Tenancy, counters: Counters, before: int, charged: int) -> Counters:
    """Return counters with the days of their month by which a tenancy begins earlier, or without those by which it
    begins later. `charged`: what these days cost, nano, below zero in the second case.
    """
    if not counters.day:
        return counters
    place = zone(tenancy.unit.property.zone)
    first = date.fromordinal(counters.day).replace(day=1)
    # A day counts for the tenancy in which it ends.
    right, wrong = (max(local_day(at, place), first) for at in (tenancy.begins, before))
    days = max(counters.days + (wrong - right) // timedelta(days=1), 0)
    return replace(counters, days=days, charged=max(counters.charged + charged, 0))
