"""The money that comes in, by property and local day: payments for credit, and of debts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, Q

from ...kernel.calendar import day_bounds, local_day, zone
from ..billing.models import DebtPayment
from ..core.time import now
from ..estate.models import Property
from ..ledger.models import Transfer
from ..ledger.references import Of, Part
from ..vending.models import TopUp
from .days import month_before
from .models import DayFigures, Keeping
from .places import touch


def keep_money(properties: Collection[int], keeping: Keeping | None) -> None:
    """Sum the money of the days for which some came in since the last time. Once a day, or if `keeping` is None, sum
    all days from the month before on.
    """
    at = now()
    rows = list(Property.objects.filter(pk__in=properties))
    last = (
        TopUp.objects.aggregate(last=Max("pk"))["last"] or 0,
        DebtPayment.objects.aggregate(last=Max("pk"))["last"] or 0,
    )
    today = max((local_day(at, zone(each.zone)) for each in rows), default=None)
    if keeping is not None:
        if keeping.day == today and (keeping.top_up, keeping.debt_payment) == last:
            return
        earliest = _earliest(keeping, today)
        keeping.top_up, keeping.debt_payment, keeping.day = *last, today
    else:
        earliest = None
    by_zone: dict[str, list[int]] = defaultdict(list)
    for each in rows:
        by_zone[each.zone].append(each.pk)
    for name, pks in by_zone.items():
        touch(_sum(name, pks, at, earliest))


def _earliest(keeping: Keeping, today: date | None) -> int | None:
    """Return the earliest instant of what came in since the last time; None if all is summed anew."""
    if keeping.day != today:
        return None
    paid = TopUp.objects.filter(pk__gt=keeping.top_up).aggregate(first=Min("paid_at"))["first"]
    debts = DebtPayment.objects.filter(pk__gt=keeping.debt_payment).aggregate(first=Min("at"))["first"]
    return min((each for each in (paid, debts) if each is not None), default=None)


@transaction.atomic
def _sum(zone_name: str, properties: Collection[int], at: int, earliest: int | None) -> set[int]:
    """Sum the days of the properties of a time zone. Returns those that have changed."""
    zone_ = zone(zone_name)
    today = local_day(at, zone_)
    first = month_before(today)
    if earliest is not None:
        # Who pays while this is summed is seen the next time, at the latest on the day after.
        first = max(first, min(local_day(earliest, zone_), today - timedelta(days=1)))
    begin = day_bounds(first, zone_)[0]
    sums = _received(properties, begin, zone_)
    known = {
        (row.property_id, row.day): row for row in DayFigures.objects.filter(property__in=properties, day__gte=first)
    }
    DayFigures.objects.bulk_create(
        (
            DayFigures(property_id=pk, day=day, money=amount)
            for (pk, day), amount in sums.items()
            if (pk, day) not in known
        ),
        update_conflicts=True,
        unique_fields=["property", "day"],
        update_fields=["money"],
    )
    changed = {key[0] for key in sums if key not in known}
    for key, row in known.items():
        if row.money != sums.get(key, 0):
            DayFigures.objects.filter(pk=row.pk).update(money=sums.get(key, 0))
            changed.add(key[0])
    return changed


def _received(properties: Collection[int], begin: int, zone_: ZoneInfo) -> dict[tuple[int, date], int]:
    """Return what came in at properties on each local day from an instant on, nano."""
    sums: dict[tuple[int, date], int] = defaultdict(int)
    undone = Transfer.objects.filter(of=Of.TOP_UP, part=Part.UNDONE, number=OuterRef("pk"))
    # What was credited to the wrong flat first came in where and when it was paid; what was undone never came.
    top_ups = TopUp.objects.filter(
        ~Exists(undone) | Q(moved_to__isnull=False),
        paid_at__gte=begin,
        tenancy__unit__property__in=properties,
        moved_from=None,
    )
    debts = DebtPayment.objects.filter(at__gte=begin, tenancy__unit__property__in=properties, undone_at=None)
    for rows, instant in ((top_ups, "paid_at"), (debts, "at")):
        for pk, when, amount in rows.values_list("tenancy__unit__property", instant, "amount").iterator():
            sums[pk, local_day(when, zone_)] += amount
    return sums
