"""The use of a meter between readings, as sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Interval(NamedTuple):
    """What was used between two readings, at `begins` (None if there is no reading before) and at `ends`: the energy in
    Wh and the charge in nano, in all and by rate. `reckoned`: whether it was worked out instead of read.
    """

    seq: int
    begins: int | None
    ends: int
    energy: int
    charge: int
    rates: Mapping[str, tuple[int, int]]
    reckoned: bool


@dataclass
class Use:
    """The sum of consecutive intervals: see `DayUse`, whose columns have the same names."""

    begins: int | None
    ends: int
    seq: int = 0
    energy: int = 0
    charge: int = 0
    reckoned: int = 0
    rates: dict[str, list[int]] = field(default_factory=dict)

    def add(self, interval: Interval) -> None:
        """Add the next interval."""
        self.ends = max(self.ends, interval.ends)
        self.seq = interval.seq
        self.energy += interval.energy
        self.charge += interval.charge
        self.reckoned += interval.energy if interval.reckoned else 0
        self._add_rates(interval.rates)

    def join(self, other: Use) -> None:
        """Add the use of a later time."""
        self.ends = max(self.ends, other.ends)
        self.energy += other.energy
        self.charge += other.charge
        self.reckoned += other.reckoned
        self._add_rates(other.rates)

    def _add_rates(self, rates: Mapping[str, tuple[int, int] | list[int]]) -> None:
        for rate, (energy, cost) in rates.items():
            sums = self.rates.setdefault(rate, [0, 0])
            sums[0] += energy
            sums[1] += cost

    @property
    def of_no_rate(self) -> int:
        """What the charge has beside the energy's price: fees, standing charges, tax; nano."""
        return self.charge - sum(cost for _energy, cost in self.rates.values())
