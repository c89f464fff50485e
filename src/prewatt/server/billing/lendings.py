"""The most that a silent gateway may cost: what its meters lend while nobody hears them."""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.units import DAY
from ..metering.models import Silence, SilentMeter
from .on_the_way import on_the_way


@dataclass(frozen=True)
class Lending:
    """The possible cost of a silent meter by its usual use: `energy` (Wh) and `charge` (nano) a day, None if too little
    is known. `left`: its credit (nano) at the present instant, below zero if it may lend already. `days`: about how
    many days that lasts, None if unknown.
    """

    row: SilentMeter
    energy: int | None
    charge: int | None
    left: int
    days: int | None

    @property
    def lent(self) -> int:
        """Return what it may have lent by now, nano."""
        return max(-self.left, 0)


def lendings(silence: Silence, at: int) -> list[Lending]:
    """Return the lending of each silent meter of a unit, by what was known when the silence began and what was paid
    since. `at`: the present instant.
    """
    rows = silence.meters.filter(meter__unit__isnull=False).select_related("meter__unit", "meter__gateway")
    paid = on_the_way([row.meter_id for row in rows])
    result = []
    for row in rows:
        # A meter that is off uses nothing.
        off = row.closed is False
        energy, charge = (0, 0) if off else (row.day_energy, row.day_charge)
        passed = max(at - (row.read_at or silence.began_at), 0)
        credit = row.balance + paid.get(row.meter_id, 0)
        left = credit - (charge or 0) * passed // DAY
        days = max(left, 0) // charge if charge else None
        result.append(Lending(row, energy, charge, left, days))
    return result
