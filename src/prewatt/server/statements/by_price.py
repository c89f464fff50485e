"""How much of a month was used at which price, and what using a part of it at another hour would have saved.

What if: the use between two changes of price is worked out as for comparisons of tariffs (`tariffs.vectorised`); a tenth of what
was used in each day's dearer hours (nearer to its highest price than to its lowest) is moved to its cheapest ones, and both are
rated by the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.rating import Counters, gross, rate_interval
from ...kernel.tariff import Stretch, Version, stretches, version_at
from ..estate.models import Tenancy
from ..metering.accounts import account_of
from ..metering.models import JournalEntry, Meter
from ..metering.series import align, energies, used_up_to
from .statement import ELECTRICITY, Line, statement

PART = 10
"""One in so many watt-hours is moved."""


@dataclass(frozen=True)
class Shift:
    """`energy` (Wh) moved to the cheapest hours of the same day would have saved `saved` (nano). `dear`, `cheap`: the rates, where
    it was one of each.
    """

    energy: int
    saved: int
    dear: str
    cheap: str


@dataclass(frozen=True)
class ByPrice:
    """A month so far. `lines`: its energy by rate, tier and price, and what it cost; as on the statement without fee and a tax that
    is added, of which `more` says whether there are any. `tiered`: whether a price depends on how much is used.
    """

    lines: list[Line]
    shift: Shift | None
    tiered: bool
    more: bool


def by_price(tenancy: Tenancy, at: int) -> ByPrice | None:
    """The month that an instant lies in, until then; None where all of it costs the same, or nothing was used."""
    where = zone(tenancy.unit.property.zone)
    begin = day_bounds(local_day(at, where).replace(day=1), where)[0]
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    if meter is None:
        return None
    lines = [
        replace(each, amount=-each.amount)
        for each in statement(tenancy, begin, at).section(ELECTRICITY)
        if each.tier is not None and each.energy
    ]
    if not lines or (len(lines) == 1 and lines[0].price is not None):
        return None
    versions = tenancy.unit.property.tariff_versions.series()
    first = version_at(versions, begin)
    held = [*([first] if first else []), *(each for each in versions if begin < each.effective < at)]
    tariffs = [each.calendar.tariff for each in held]
    since, until = max(begin, tenancy.begins), at if tenancy.ends is None else min(at, tenancy.ends)
    return ByPrice(
        lines, _shift(meter, versions, since, until, _counters(meter, since)),
        tiered=any(each.tiers is not None for each in tariffs),
        more=any(each.fee or (each.tax is not None and not each.tax.included) for each in tariffs),
    )  # fmt: skip


def _counters(meter: Meter, begin: int) -> Counters:
    """What tiers depended on when a month, or a tenancy in it, began: of the year, what was used before."""
    account = account_of(meter)
    where = zone(meter.property.zone)
    first, last = local_day(begin, where), date.fromordinal(max(account.counters.day, 1))
    if last.year != first.year:
        return Counters()
    year, month = account.counters.year, account.counters.month if last.month == first.month else {}
    return Counters(year={rate: energy - month.get(rate, 0) for rate, energy in year.items()})


def _shift(meter: Meter, versions: Sequence[Version], begin: int, until: int, counters: Counters) -> Shift | None:
    """What moving a part of the use within each day would have saved; None if nothing."""
    rows = JournalEntry.objects.filter(meter=meter, register__isnull=False)
    before = rows.filter(at__lte=begin).order_by("-seq").values_list("at", "energy").first()
    inside = list(rows.filter(at__gt=begin, at__lte=until).order_by("seq").values_list("at", "energy"))
    if not inside:
        return None
    at, energy = energies((each, used or 0) for each, used in [before or inside[0], *inside])
    parts = list(stretches(versions, begin, inside[-1][0]))
    edges = np.array([*(each for each, _stretch in parts), inside[-1][0]], dtype=np.int64)
    running = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(energy)))
    used = [int(each) for each in np.diff(used_up_to(align(at, edges), running))]
    moved, taken, dear, cheap = _move(versions, parts, edges.tolist(), used)
    if not taken:
        return None
    saved = _charge(versions, edges.tolist(), used, counters) - _charge(versions, edges.tolist(), moved, counters)
    if saved <= 0:
        return None
    alone = len(dear) == len(cheap) == 1 and dear != cheap
    return Shift(taken, saved, dear.pop() if alone else "", cheap.pop() if alone else "")


def _move(
    versions: Sequence[Version], parts: list[tuple[int, Stretch]], edges: list[int], used: list[int]
) -> tuple[list[int], int, set[str], set[str]]:
    """The use of each stretch with a part of it moved, how much that is, and the rates it was taken from and moved to."""
    moved, taken, dear, cheap = list(used), 0, set(), set()
    by_day: dict[int, list[int]] = {}
    for number, (_at, stretch) in enumerate(parts):
        by_day.setdefault(stretch.day, []).append(number)
    for numbers in by_day.values():
        prices = {number: _price(versions, *parts[number]) for number in numbers}
        highest, lowest = max(prices.values()), min(prices.values())
        if highest == lowest:
            continue
        # To where there is most time for it.
        to = max((each for each in numbers if prices[each] == lowest), key=lambda each: edges[each + 1] - edges[each])
        for number in numbers:
            part = used[number] // PART if 2 * prices[number] > highest + lowest else 0
            if part:
                moved[number] -= part
                moved[to] += part
                taken += part
                dear.add(parts[number][1].rate)
                cheap.add(parts[to][1].rate)
    return moved, taken, dear, cheap


def _price(versions: Sequence[Version], at: int, stretch: Stretch) -> int:
    version = version_at(versions, at)
    return gross(stretch.prices[0], version.calendar.tariff) if version else 0


def _charge(versions: Sequence[Version], edges: list[int], used: list[int], counters: Counters) -> int:
    """What the use between some instants comes to, nano."""
    total = 0
    for (begin, end), energy in zip(pairwise(edges), used, strict=True):
        rated = rate_interval(versions, begin, end, energy, counters)
        total, counters = total + rated.charge, rated.counters
    return total
