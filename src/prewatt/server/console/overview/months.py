"""The figures of the month: money in, energy, and what is not accounted for, beside the month before to the same day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Min

from ....kernel.calendar import local_day, next_month, zone
from ...core.local_forms import number
from ...estate.models import Property
from ...overview.days import month_before
from ...overview.models import DayFigures, Place


@dataclass(frozen=True)
class Compared:
    """A figure of this month (`now`), and how many percent more or less it is than the month before, over the same whole days;
    `change` is None if there is nothing to compare.
    """

    now: int
    change: int | None

    @property
    def less(self) -> int:
        """Return by how many percent it is less; 0 if it is not."""
        return max(-(self.change or 0), 0)


@dataclass(frozen=True)
class MonthFigures:
    """The figures of properties of one currency. `today`: the money that came in today; `money` (nano) and `energy`
    (Wh): of the month. `lost` (Wh): what main meters counted and no other meter did, up to the last day that all have
    reported. `lost_share`: tenths of a percent of what main meters counted. Both are None if no property has a main
    meter.
    """

    currency: str
    today: int
    money: Compared
    energy: Compared
    lost: int | None
    lost_share: int | None

    @property
    def energy_in_kwh(self) -> str:
        """Return the energy of the month in kWh, rounded, as people write it."""
        return whole_kwh(self.energy.now)

    @property
    def lost_in_kwh(self) -> str:
        """Return what is not accounted for in kWh, rounded, as people write it."""
        return whole_kwh(self.lost or 0)

    @property
    def lost_in_percent(self) -> str:
        """Return what is not accounted for in percent, to a tenth, as people write it."""
        return number(f"{Decimal(self.lost_share or 0) / 10:.1f}")


def whole_kwh(wh: int) -> str:
    """Return energy (Wh) in whole kWh, as people write it."""
    return number(str((wh + 500) // 1000))


def month_figures(properties: Collection[Property], with_money: Collection[int], at: int) -> list[MonthFigures]:
    """Return the figures of properties, by currency. `with_money`: the properties whose money is counted."""
    properties = list(properties)
    by_currency: dict[str, list[Property]] = defaultdict(list)
    for each in properties:
        by_currency[each.currency].append(each)
    if not by_currency:
        return []
    first = month_before(min(local_day(at, zone(each.zone)) for each in properties))
    days: dict[int, list[DayFigures]] = defaultdict(list)
    for row in DayFigures.objects.filter(property__in=[each.pk for each in properties], day__gte=first):
        days[row.property_id].append(row)
    reported = _reported(pk for pk, rows in days.items() if any(row.main for row in rows))
    return [
        _of_currency(currency, rows, days, with_money, reported, at) for currency, rows in sorted(by_currency.items())
    ]


def _reported(with_main: Iterable[int]) -> dict[int, int]:
    """Return the instant up to which all meters of each property have reported; of those alone that have a main meter."""
    wanted = list(with_main)
    if not wanted:
        return {}
    rows = Place.objects.in_use().filter(property__in=wanted, meter__isnull=False).values_list("property")
    return {pk: first for pk, first in rows.annotate(Min("read_at")) if first is not None}


def _of_currency(
    currency: str,
    properties: Collection[Property],
    days: dict[int, list[DayFigures]],
    with_money: Collection[int],
    reported: dict[int, int],
    at: int,
) -> MonthFigures:
    money, energy, losses = _Sums(), _Sums(), _Losses()
    today_in = 0
    for each in properties:
        here = local_day(at, zone(each.zone))
        whole = local_day(reported[each.pk], zone(each.zone)) if each.pk in reported else None
        for row in days[each.pk]:
            energy.add(row.day, row.units + row.common, here)
            if each.pk in with_money:
                money.add(row.day, row.money, here)
                today_in += row.money if row.day == here else 0
            if whole is not None and here.replace(day=1) <= row.day < whole:
                losses.add(row)
    return MonthFigures(currency, today_in, money.compared(), energy.compared(), losses.energy, losses.share)


class _Losses:
    """What main meters measured of days, and the meters behind them did not."""

    def __init__(self) -> None:
        self._main = self._known = 0
        self._has_days = False

    def add(self, row: DayFigures) -> None:
        """Add a day that all meters of a property with a main meter have reported."""
        self._has_days = True
        self._main += row.main
        self._known += row.units + row.common

    @property
    def energy(self) -> int | None:
        """Wh; None without such days."""
        return self._main - self._known if self._has_days else None

    @property
    def share(self) -> int | None:
        """Of what the main meters measured, in tenths of a percent; None if they measured nothing."""
        return round(1000 * (self._main - self._known) / self._main) if self._main else None


class _Sums:
    """Sums of days: of this month, and of the whole days of this one and of the same of the one before."""

    def __init__(self) -> None:
        self._month = self._whole = self._before = 0

    def add(self, day: date, amount: int, today: date) -> None:
        """Add what a day has; `today` is the day that is not over."""
        first = today.replace(day=1)
        if first <= day < next_month(first):
            self._month += amount
            self._whole += amount if day < today else 0
        elif day >= month_before(today) and day.day < today.day:
            self._before += amount

    def compared(self) -> Compared:
        """Return the sum of this month, and its change in percent from the month before, as a page shows them."""
        change = round(100 * (self._whole - self._before) / self._before) if self._before > 0 and self._whole else None
        return Compared(self._month, change)
