"""What a kWh will cost: the prices ahead, and when it gets cheaper or dearer next.

In the tier that holds now, for as long as the period of the tiers lasts; with its next one tiers begin anew.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from .rating import Counters, gross
from .state import State
from .tariff import Period, Stretch, Tiers, stretches, version_at
from .units import DAY, Instant, Micro

FARTHEST = 8 * DAY
"""How far ahead a change is looked for: over any weekend."""


class Ahead(NamedTuple):
    """A kWh costs `price` (micro, with service fee and tax) from `begin` until `end` (exclusive), at a rate."""

    begin: int
    end: int
    rate: str
    price: int


def prices_ahead(account: State, begin: Instant, end: Instant) -> list[Ahead]:
    """The prices from an instant to another; what follows at the same rate and price is one."""
    found: list[Ahead] = []
    for at, stretch in stretches(account.versions, begin, end):
        part = Ahead(at, min(stretch.end, end), stretch.rate, _price(account, at, stretch))
        if found and found[-1][2:] == part[2:]:
            found[-1] = found[-1]._replace(end=part.end)
        else:
            found.append(part)
    return found


def next_change(account: State, at: Instant) -> tuple[Instant, Ahead] | None:
    """What a kWh costs at an instant (micro), and the next stretch at which it costs something else; None where it does not in
    the next days, or no tariff holds.
    """
    if version_at(account.versions, at) is None:
        return None
    present: int | None = None
    for begin, stretch in stretches(account.versions, at, at + FARTHEST):
        price = _price(account, begin, stretch)
        if present is None:
            present = price
        elif price != present:
            return present, Ahead(begin, stretch.end, stretch.rate, price)
    return None


def _price(account: State, at: Instant, stretch: Stretch) -> Micro:
    version = version_at(account.versions, at)
    if version is None:
        return 0
    tariff = version.calendar.tariff
    price = stretch.prices[0]
    if tariff.tiers is not None:
        used = _counted(account.counters, tariff.tiers, stretch)
        price = stretch.prices[sum(1 for upto in stretch.upto if upto <= used)]
    return gross(price, tariff)


def _counted(counters: Counters, tiers: Tiers, stretch: Stretch) -> Micro:
    """Wh that count towards the tiers at a stretch, without what is used until then."""
    if counters.day == 0 or not _same(tiers.per, date.fromordinal(counters.day), date.fromordinal(stretch.day)):
        return 0
    counted = counters.counted(tiers.per)
    return counted.get(stretch.rate, 0) if tiers.by_rate else sum(counted.values())


def _same(per: Period, one: date, other: date) -> bool:
    if per is Period.DAY:
        # Where clocks go back over midnight the day that has ended comes again.
        return other <= one
    return one.year == other.year and (per is Period.YEAR or one.month == other.month)
