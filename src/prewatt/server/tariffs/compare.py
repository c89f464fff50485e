"""Comparison of tariffs: recorded use is rated under several of them, to show who would pay more or less, and why (by
rate and hour).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...kernel.charges import CHARGES
from ...kernel.tariff import Tariff, TariffError
from ...kernel.units import exact_instant, exact_kwh, exact_money
from ..metering.series import Ints, align
from .vectorised import Layout, Rating, lay_out, rate

MOST = 5
"""The most tariffs that can be compared with the first one."""
SCHEMA = "prewatt-compare-1"
"""The name and version of the JSON form."""
Home = tuple[Ints, Ints]
"""The instants of n + 1 readings, and the energy (n values, Wh) between them."""


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison. `ratings`: by tariff in its order (the first is the one compared
    with), then by home.
    """

    begins: int
    ends: int
    tariffs: list[Tariff]
    ratings: list[dict[str, Rating]]

    def total(self, tariff: int) -> int:
        """Return what all homes pay under a tariff, nano."""
        return sum(rating.charge for rating in self.ratings[tariff].values())

    def difference(self, tariff: int, home: str) -> int:
        """Return what a home pays more (nano; negative for less) under a tariff than under the first."""
        return self.ratings[tariff][home].charge - self.ratings[0][home].charge

    def by_hour(self, tariff: int) -> list[tuple[int, int]]:
        """Return pairs of (Wh, nano for energy) of all homes, for each of the 24 hours of the local day."""
        sums = [(0, 0)] * 24
        for rating in self.ratings[tariff].values():
            for (_, hour), (energy, cost) in rating.by_hour.items():
                sums[hour] = sums[hour][0] + energy, sums[hour][1] + cost
        return sums

    def by_rate(self, tariff: int) -> dict[str, tuple[int, int]]:
        """Return pairs of (Wh, nano for energy) of all homes, by rate."""
        sums: dict[str, tuple[int, int]] = {}
        for rating in self.ratings[tariff].values():
            for (name, tier), energy in rating.energy.items():
                before = sums.get(name, (0, 0))
                sums[name] = before[0] + energy, before[1] + rating.cost[name, tier]
        return sums


def compare(homes: Mapping[str, Home], tariffs: Sequence[Tariff]) -> Comparison:
    """Rate all homes under the first tariff and up to five others. Raises TariffError if there are more, their
    currencies differ, or there are no readings.
    """
    _check(tariffs)
    with_readings = {name: home for name, home in homes.items() if len(home[0])}
    if not with_readings:
        raise TariffError("there are no readings in this time")
    begins = min(int(at[0]) for at, _ in with_readings.values())
    ends = max(int(at[-1]) for at, _ in with_readings.values())
    ratings = [_rated(with_readings, lay_out(tariff, begins, ends, by_hour=True)) for tariff in tariffs]
    return Comparison(begins, ends, list(tariffs), ratings)


def _check(tariffs: Sequence[Tariff]) -> None:
    """Raise TariffError if there are too many tariffs, or they are in several currencies."""
    if not 1 <= len(tariffs) <= MOST + 1:
        raise TariffError(f"{len(tariffs) - 1} tariffs to compare with are more than {MOST}")
    other = next((tariff for tariff in tariffs if tariff.currency != tariffs[0].currency), None)
    if other is not None:
        raise TariffError(f"currency: {other.name} is in {other.currency}, {tariffs[0].name} in {tariffs[0].currency}")


def _rated(homes: Mapping[str, Home], layout: Layout) -> dict[str, Rating]:
    return {name: rate(layout, align(at, layout.at), energy) for name, (at, energy) in homes.items()}


def recorded(readings: Sequence[tuple[int, int]]) -> Home:
    """Return a home from pairs of (instant, Wh used up to then)."""
    pairs = np.array(readings, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], np.diff(pairs[:, 1])


def to_document(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON values (`docs/landlord/compare.md`)."""
    return {
        "schema": SCHEMA,
        "begins": exact_instant(comparison.begins),
        "ends": exact_instant(comparison.ends),
        "tariffs": [
            {
                "name": tariff.name,
                "currency": tariff.currency,
                "total": exact_money(comparison.total(index)),
                "by_rate": {name: _pair(sums) for name, sums in comparison.by_rate(index).items()},
                "by_hour": [_pair(sums) for sums in comparison.by_hour(index)],
                "homes": {name: _home(comparison, index, name) for name in comparison.ratings[index]},
            }
            for index, tariff in enumerate(comparison.tariffs)
        ],
    }


def _pair(sums: tuple[int, int]) -> dict[str, str]:
    return {"kwh": exact_kwh(sums[0]), "amount": exact_money(sums[1])}


def _home(comparison: Comparison, index: int, name: str) -> dict[str, Any]:
    rating = comparison.ratings[index][name]
    return {
        "lines": [
            {"rate": rate, "tier": tier + 1, **_pair((energy, rating.cost[rate, tier]))}
            for (rate, tier), energy in rating.energy.items()
        ],
        **{form.figure: exact_money(rating.charges[form.name]) for form in CHARGES},
        "tax": exact_money(rating.tax),
        "tax_included": exact_money(rating.tax_included),
        "total": exact_money(rating.charge),
        "difference": exact_money(comparison.difference(index, name)),
        "by_hour": [
            {"rate": rate, "hour": hour, **_pair(sums)} for (rate, hour), sums in sorted(rating.by_hour.items())
        ],
    }
