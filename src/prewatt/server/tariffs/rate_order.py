"""The order of a property's rates: pages, statements and legends list them in it, and pages colour them by it. So a rate has one
place and one colour wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...kernel.tariff import Rate, Tariff, Version, version_at
from ...kernel.units import Instant


def cheapest_first(tariff: Tariff) -> list[Rate]:
    """Return the rates of a tariff, by the price of their first tier, then by their names."""
    return sorted(tariff.rates, key=lambda rate: (rate.prices[0], rate.name))


def in_order(names: Collection[str], order: Sequence[str]) -> list[str]:
    """Return the names of rates in the order of their property; before them, what no tariff has a price for."""
    return [*sorted(set(names) - set(order)), *(rate for rate in order if rate in names)]


def rate_order(versions: Sequence[Version], at: Instant) -> list[str]:
    """Return the names of all rates of these versions: those in force at an instant come first, the cheapest of them before the
    others; then those that only other versions have, the newest version first. Dated prices come after the rates of their tariff.
    """
    present = version_at(versions, at)
    others = [each for each in reversed(versions) if each is not present]
    order: dict[str, None] = {}
    for version in others if present is None else [present, *others]:
        tariff = version.calendar.tariff
        order |= dict.fromkeys(rate.name for rate in cheapest_first(tariff))
        if tariff.dated is not None:
            order.setdefault(tariff.dated.name)
    return list(order)
