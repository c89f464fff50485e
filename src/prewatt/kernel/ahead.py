"""This module tells what a kWh will cost, and when it gets cheaper or dearer next.

The prices are those of the present tier, as long as the period of the tiers lasts; the next period begins with its
first tier.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from .rating import Counters, gross
from .state import State
from .tariff import Period, Stretch, Tiers, stretches, version_at
from .units import DAY, Instant, Micro

FARTHEST = 8 * DAY
"""How far ahead (µs) the next change of price is searched: it covers any weekend."""


class Ahead(NamedTuple):
    """The price of a kWh (micro, with service fee and tax) from `begin` until `end` (excluded), and its rate."""

    begin: int
    end: int
    rate: str
    price: int


def prices_ahead(account: State, begin: Instant, end: Instant) -> list[Ahead]:
    """Return the prices from `begin` to `end`. Consecutive stretches with the same rate and price are joined."""
    prices: list[Ahead] = []
    for at, stretch in stretches(account.versions, begin, end):
        part = Ahead(at, min(stretch.end, end), stretch.rate, _price(account, at, stretch))
        if prices and prices[-1][2:] == part[2:]:
            prices[-1] = prices[-1]._replace(end=part.end)
        else:
            prices.append(part)
    return prices


def next_change(account: State, at: Instant) -> tuple[Instant, Ahead] | None:
    """Return the price of a kWh at an instant (micro), and the next stretch with another price. None if the price does
    not change within `FARTHEST`, or if no tariff holds at the instant.
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
    """Return the Wh that count towards the tiers at a stretch, without the energy used until then."""
    if counters.day == 0 or not _same(tiers.per, date.fromordinal(counters.day), date.fromordinal(stretch.day)):
        return 0
    counted = counters.counted(tiers.per)
    return counted.get(stretch.rate, 0) if tiers.by_rate else sum(counted.values())


def _same(per: Period, one: date, other: date) -> bool:
    if per is Period.DAY:
        # Where clocks go back over midnight the day that has ended comes again.
        return other <= one
    return one.year == other.year and (per is Period.YEAR or one.month == other.month)
