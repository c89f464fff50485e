"""Rating of a recorded span in one step: the rules of `kernel.rating` on NumPy arrays, with exactly equal results.

`lay_out` divides the span once into the stretches of the tariff, and returns them as arrays. `rate` then adds up the
energies of a meter, and reads the sum at the end of each stretch. All further steps work on stretches, and there are
few of them. All values are integers: Wh, micro, nano; instants in µs.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from ...kernel.calendar import local, zone
from ...kernel.charges import CHARGES, PER_DAY, PER_KWH, PER_MONTH, WATCHING
from ...kernel.charges.interface import Month
from ...kernel.rating import Counters, rate_interval, tax_of
from ...kernel.tariff import Period, RateCalendar, Tariff, Version
from ...kernel.units import HOUR, INT64_MAX, MINUTE
from ..metering.series import Alignment, Ints, used_up_to

Line = tuple[str, int]
"""A pair of rate and tier (from 0)."""


@dataclass(frozen=True)
class Layout:
    """A tariff over a span, as arrays with one item for each of its m stretches.

    `at`: the beginnings, and the end of the last one (m + 1). `rate`: the index into `names`. `prices`, `upto`: for
    each tier (m x tiers); the last `upto` has no end. `hour`: of the local day. `day_ends`: whether a local day ends
    with the stretch. `month`: the ordinal of the month's first day. `period`: the index of the stretch at which its
    tiers began. `of_rate`: the stretches of each of `names`. `by_hour`: whether stretches also end at full hours.
    """

    tariff: Tariff
    names: list[str]
    at: Ints
    rate: Ints
    prices: Ints
    upto: Ints
    hour: Ints
    day_ends: npt.NDArray[np.bool_]
    month: Ints
    period: Ints
    of_rate: list[Ints]
    by_hour: bool


@dataclass(frozen=True)
class Rating:
    """The result for a span. `energy` (Wh) and `cost` (nano, of the energy alone) by line. `charges` (nano): what each form
    of price came to, by its name. The taxes in nano, as in `kernel.rating.Rated`. `by_hour`: pairs of (Wh, nano) by (rate,
    hour of the local day); only if the layout is by hours.
    """

    energy: dict[Line, int]
    cost: dict[Line, int]
    charges: dict[str, int]
    tax: int
    tax_included: int
    by_hour: dict[tuple[str, int], tuple[int, int]]

    @property
    def charge(self) -> int:
        """Return the whole charge, nano."""
        return sum(self.cost.values()) + sum(self.charges.values()) + self.tax


def lay_out(tariff: Tariff, begin: int, end: int, by_hour: bool = False) -> Layout:
    """Return the stretches of a tariff from `begin` to `end`; with `by_hour` they also end at each full local hour.
    Raises TariffError if the tariff cannot be used.
    """
    calendar, place = RateCalendar(tariff), zone(tariff.zone)
    # A reading at `end` that repeats another one there belongs to the stretch that begins there.
    end += 1
    names: dict[str, int] = {}
    columns: list[tuple[int, int, int, int, tuple[int, ...], tuple[int, ...]]] = []
    at = begin
    while at < end:
        stretch = calendar.stretch(at)
        wall = local(at, place)
        until = min(stretch.end, end)
        if by_hour:
            until = min(until, at + HOUR - (wall.minute * MINUTE + wall.second * 10**6 + wall.microsecond))
        rate = names.setdefault(stretch.rate, len(names))
        columns.append((at, rate, wall.hour, stretch.day, stretch.prices, stretch.upto))
        at = until
    starts, rates, hours, days, prices, upto = zip(*columns, strict=True)
    following = [*days[1:], calendar.stretch(end).day]
    # If the clocks go back over midnight, a day comes twice, and ends once.
    highest = np.maximum.accumulate(np.array(days, dtype=np.int64))
    tiers = max(len(each) for each in prices)
    dates = [date.fromordinal(int(day)) for day in highest]
    months = [day.replace(day=1).toordinal() for day in dates]
    period = _periods(tariff, dates)
    return Layout(
        tariff=tariff,
        names=list(names),
        at=np.array([*starts, end], dtype=np.int64),
        rate=np.array(rates, dtype=np.int64),
        prices=np.array([each * tiers if len(each) == 1 else each for each in prices], dtype=np.int64).reshape(
            -1, tiers
        ),
        upto=np.array([(*each, *[INT64_MAX] * (tiers - len(each))) for each in upto], dtype=np.int64).reshape(
            -1, tiers
        ),
        hour=np.array(hours, dtype=np.int64),
        day_ends=np.array(following, dtype=np.int64) > highest,
        month=np.array(months, dtype=np.int64),
        period=np.searchsorted(np.array(period, dtype=np.int64), np.array(period, dtype=np.int64)).astype(np.int64),
        of_rate=[np.nonzero(np.array(rates, dtype=np.int64) == number)[0] for number in range(len(names))],
        by_hour=by_hour,
    )


def _periods(tariff: Tariff, days: Sequence[date]) -> list[int]:
    """Return the period of each day in which its use counts for the tiers, as numbers that ascend."""
    per = tariff.tiers.per if tariff.tiers else None
    if per is None:
        return [0] * len(days)
    if per == Period.YEAR:
        return [day.year for day in days]
    return [(day.replace(day=1) if per == Period.MONTH else day).toordinal() for day in days]


def rate(layout: Layout, aligned: Alignment, energy: Ints) -> Rating:
    """Rate a meter that used `energy` (n values, Wh) between its n + 1 readings. `aligned`: the places of the layout's
    `at` among these readings, which lie within the layout.
    """
    at = aligned.at
    running = np.empty(len(energy) + 1, dtype=np.int64)
    running[0] = 0
    np.cumsum(energy, out=running[1:])
    tariff, used = layout.tariff, np.diff(used_up_to(aligned, running))
    tiers = layout.prices.shape[1]
    parts = used[:, None] if tiers == 1 else _by_tier(layout, used)
    costs = parts * layout.prices
    energies, cost = _by_line(layout, parts, costs)
    if any(form.of(tariff) for form in WATCHING):
        charges = _charges_by_reading(layout, at, energy)
    else:
        charges = _charges(layout, at, used, costs.sum(axis=1))
    net = sum(cost.values()) + sum(charges.values())
    tax = tax_of(0, net, tariff.tax)[0] if tariff.tax else 0
    included = tariff.tax is not None and tariff.tax.included
    return Rating(
        energies,
        cost,
        charges,
        0 if included else tax,
        tax if included else 0,
        _by_hour(layout, used, costs.sum(axis=1)) if layout.by_hour else {},
    )


def _by_line(layout: Layout, parts: Ints, costs: Ints) -> tuple[dict[Line, int], dict[Line, int]]:
    """Return the energy (Wh) and its cost (nano) of each line that has some, from those of each stretch by tier."""
    energies: dict[Line, int] = {}
    cost: dict[Line, int] = {}
    for name, stretches in zip(layout.names, layout.of_rate, strict=True):
        sums = parts[stretches].sum(axis=0).tolist()
        for tier, total in enumerate(sums):
            if total:
                energies[name, tier], cost[name, tier] = total, int(costs[stretches, tier].sum())
    return energies, cost


def _by_tier(layout: Layout, used: Ints) -> Ints:
    """Return the energy of each stretch by tier (m x tiers)."""
    assert layout.tariff.tiers is not None
    groups = [layout.rate == number for number in range(len(layout.names))] if layout.tariff.tiers.by_rate else [True]
    parts = np.zeros(layout.prices.shape, dtype=np.int64)
    floors = np.hstack([np.zeros((len(used), 1), dtype=np.int64), layout.upto[:, :-1]])
    for group in groups:
        counted = np.where(group, used, 0)
        running = np.concatenate(([0], np.cumsum(counted)))
        begun = running[layout.period]
        before, after = (running[:-1] - begun)[:, None], (running[1:] - begun)[:, None]
        parts += np.clip(after, floors, layout.upto) - np.clip(before, floors, layout.upto)
    return parts


def _charges(layout: Layout, at: Ints, used: Ints, costs: Ints) -> dict[str, int]:
    """Return what each form of price came to, nano, by its name. `at`: the instants of the readings. `used`, `costs`: the
    energy of each stretch and its cost, without the forms.
    """
    tariff = layout.tariff
    ended = layout.day_ends & (layout.at[1:] > at[0]) & (layout.at[1:] <= at[-1])
    per_kwh = {form.name: form.of(tariff) for form in PER_KWH}
    per_day = {form.name: form.of(tariff) for form in PER_DAY}
    charges = {
        **{name: int(used.sum()) * each for name, each in per_kwh.items()},
        **{name: int(ended.sum()) * each for name, each in per_day.items()},
        **{form.name: 0 for form in PER_MONTH},
    }
    charged = costs + used * sum(per_kwh.values()) + ended * sum(per_day.values())
    forms = [(form, amount) for form in PER_MONTH if (amount := form.of(tariff))]
    for days, length, sum_of_month in _months(layout, charged, ended) if forms else ():
        come = sum_of_month
        for form, amount in forms:
            due = form.due(amount, Month(days, length, come, ()))
            charges[form.name] += due
            come += due
    return {form.name: charges[form.name] for form in CHARGES}


def _charges_by_reading(layout: Layout, at: Ints, energy: Ints) -> dict[str, int]:
    """Return what each form of price came to, worked out reading by reading, since one of them watches the readings."""
    versions, counters = (Version(0, RateCalendar(layout.tariff)),), Counters()
    charges = {form.name: 0 for form in CHARGES}
    for index, used in enumerate(energy.tolist()):
        rated = rate_interval(versions, int(at[index]), int(at[index + 1]), used, counters)
        counters = rated.counters
        for form in CHARGES:
            charges[form.name] += form.of(rated)
    return charges


def _months(layout: Layout, charged: Ints, ended: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Yield the months that ended, as (days that counted, days of the whole month, nano that they came to)."""
    for month in np.unique(layout.month).tolist():
        inside = layout.month == month
        first = date.fromordinal(month)
        length = monthrange(first.year, first.month)[1]
        days = int(ended[inside].sum())
        last = int(np.nonzero(inside)[0][-1])
        if days and ended[last] and _is_last_day(layout, last, month + length):
            yield days, length, int(charged[inside].sum())


def _is_last_day(layout: Layout, stretch: int, following: int) -> bool:
    """Return whether the day that ends with a stretch is the last one before the day `following`."""
    end = local(int(layout.at[stretch + 1]), zone(layout.tariff.zone)).date()
    return end.toordinal() >= following


def _by_hour(layout: Layout, used: Ints, cost: Ints) -> dict[tuple[str, int], tuple[int, int]]:
    sums = np.zeros((2, len(layout.names), 24), dtype=np.int64)
    np.add.at(sums[0], (layout.rate, layout.hour), used)
    np.add.at(sums[1], (layout.rate, layout.hour), cost)
    return {
        (name, hour): (int(sums[0, number, hour]), int(sums[1, number, hour]))
        for number, name in enumerate(layout.names)
        for hour in range(24)
        if sums[0, number, hour]
    }
