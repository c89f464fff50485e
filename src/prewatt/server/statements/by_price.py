"""The use of a month by price, and what it would save to move a part of it to other hours.

The saving is computed as in comparisons of tariffs (`tariffs.vectorised`): of the use in each day's dearer hours
(nearer to the highest price than to the lowest), a tenth is moved to the cheapest hours, and the kernel rates both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.charges import PER_KWH
from ...kernel.rating import Counters, gross, rate_interval
from ...kernel.tariff import Stretch, Tariff, Version, stretches, version_at
from ..estate.models import Tenancy
from ..metering.accounts import account_of
from ..metering.models import JournalEntry, Meter
from ..metering.series import align, energies, used_up_to
from ..tariffs.rate_order import rate_order
from .statement import Line, energy_lines

PART = 10
"""One of this many watt-hours is moved."""


@dataclass(frozen=True)
class Shift:
    """What a tenant would save by using some energy in cheaper hours. `energy`: Wh that move to the cheapest hours of the
    same day. `saved`: nano. `dear`, `cheap`: the name of the rate from which, and to which, all of it moves; empty if
    there are several.
    """

    energy: int
    saved: int
    dear: str
    cheap: str


@dataclass(frozen=True)
class ByPrice:
    """A month up to now. `lines`: its energy and cost by rate, tier and price, as on the statement, but without the
    service fee and without an added tax; `more`: whether there is a fee or an added tax. `order`: of the property's rates.
    `tiered`: whether a price depends on the use. `shift`: the saving if some use moves to cheaper hours; None if nothing is
    saved.
    """

    lines: list[Line]
    order: list[str]
    shift: Shift | None
    tiered: bool
    more: bool


def by_price(tenancy: Tenancy, at: int, meter: Meter | None) -> ByPrice | None:
    """Return the month of the instant `at`, up to that instant; None if all of it costs the same, or
    nothing was used. `meter`: of the unit.
    """
    place = zone(tenancy.unit.property.zone)
    begin = day_bounds(local_day(at, place).replace(day=1), place)[0]
    if meter is None:
        return None
    lines = _energy_lines(tenancy, begin, at, meter)
    if not lines or (len(lines) == 1 and lines[0].price is not None):
        return None
    versions = tenancy.unit.property.tariff_versions.series()
    tariffs = _in_force(versions, begin, at)
    since, until = max(begin, tenancy.begins), at if tenancy.ends is None else min(at, tenancy.ends)
    return ByPrice(
        lines,
        rate_order(versions, at),
        _shift(meter, versions, since, until, _counters(meter, since)),
        tiered=any(each.tiers is not None for each in tariffs),
        more=any(_costs_more(each) for each in tariffs),
    )


def _costs_more(tariff: Tariff) -> bool:
    """Return whether a kWh costs more than its price: a charge on each kWh, or a tax that is added."""
    return any(form.of(tariff) for form in PER_KWH) or (tariff.tax is not None and not tariff.tax.included)


def _energy_lines(tenancy: Tenancy, begin: int, at: int, meter: Meter) -> list[Line]:
    """Return the lines of energy of a statement, with what they cost above zero."""
    return [
        replace(each, amount=-each.amount)
        for each in energy_lines(tenancy, begin, at, meter)
        if each.tier is not None and each.energy
    ]


def _in_force(versions: Sequence[Version], begin: int, end: int) -> list[Tariff]:
    """Return the tariffs that hold between two instants."""
    first = version_at(versions, begin)
    later = (each for each in versions if begin < each.effective < end)
    return [each.calendar.tariff for each in (first, *later) if each is not None]


def _counters(meter: Meter, begin: int) -> Counters:
    """Return the use that counted for tiers when a month, or a tenancy in it, began."""
    account = account_of(meter)
    place = zone(meter.property.zone)
    first, last = local_day(begin, place), date.fromordinal(max(account.counters.day, 1))
    if last.year != first.year:
        return Counters()
    year, month = account.counters.year, account.counters.month if last.month == first.month else {}
    return Counters(year={rate: energy - month.get(rate, 0) for rate, energy in year.items()})


def _shift(meter: Meter, versions: Sequence[Version], begin: int, until: int, counters: Counters) -> Shift | None:
    """Return what moving a part of the use within each day would save; None if it saves nothing."""
    known = _readings(meter, begin, until)
    if not known:
        return None
    parts = list(stretches(versions, begin, known[-1][0]))
    edges = [*(each for each, _stretch in parts), known[-1][0]]
    used = _used(known, edges)
    moved, taken, dear, cheap = _move(versions, parts, edges, used)
    if not taken:
        return None
    saved = _charge(versions, edges, used, counters) - _charge(versions, edges, moved, counters)
    if saved <= 0:
        return None
    alone = len(dear) == len(cheap) == 1 and dear != cheap
    return Shift(taken, saved, dear.pop() if alone else "", cheap.pop() if alone else "")


def _readings(meter: Meter, begin: int, until: int) -> list[tuple[int, int]]:
    """Return pairs of (instant, Wh) of the readings in a span, with the last one before it first; empty if none is in it."""
    rows = JournalEntry.objects.filter(meter=meter, register__isnull=False)
    before = rows.filter(at__lte=begin).order_by("-seq").values_list("at", "energy").first()
    inside = list(rows.filter(at__gt=begin, at__lte=until).order_by("seq").values_list("at", "energy"))
    return [(at, energy or 0) for at, energy in (before or inside[0], *inside)] if inside else []


def _used(readings: Sequence[tuple[int, int]], edges: Sequence[int]) -> list[int]:
    """Return the energy between each two of these instants, Wh."""
    at, energy = energies(readings)
    running = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(energy)))
    return [int(each) for each in np.diff(used_up_to(align(at, np.array(edges, dtype=np.int64)), running))]


def _move(
    versions: Sequence[Version], parts: list[tuple[int, Stretch]], edges: list[int], used: list[int]
) -> tuple[list[int], int, set[str], set[str]]:
    """Return the use of each stretch after the move, the moved energy (Wh), and the rates that it came from and went
    to.
    """
    moved, moved_energy, dear, cheap = list(used), 0, set(), set()
    by_day: dict[int, list[int]] = {}
    for number, (_at, stretch) in enumerate(parts):
        by_day.setdefault(stretch.day, []).append(number)
    for numbers in by_day.values():
        prices = {number: _price(versions, *parts[number]) for number in numbers}
        highest, lowest = max(prices.values()), min(prices.values())
        if highest == lowest:
            continue
        # The longest of the cheapest stretches takes it.
        to = max((each for each in numbers if prices[each] == lowest), key=lambda each: edges[each + 1] - edges[each])
        for number in numbers:
            part = used[number] // PART if 2 * prices[number] > highest + lowest else 0
            if part:
                moved[number] -= part
                moved[to] += part
                moved_energy += part
                dear.add(parts[number][1].rate)
                cheap.add(parts[to][1].rate)
    return moved, moved_energy, dear, cheap


def _price(versions: Sequence[Version], at: int, stretch: Stretch) -> int:
    version = version_at(versions, at)
    return gross(stretch.prices[0], version.calendar.tariff) if version else 0


def _charge(versions: Sequence[Version], edges: list[int], used: list[int], counters: Counters) -> int:
    """Return the cost of the use between these instants, nano."""
    total = 0
    for (begin, end), energy in zip(pairwise(edges), used, strict=True):
        rated = rate_interval(versions, begin, end, energy, counters)
        total, counters = total + rated.charge, rated.counters
    return total
