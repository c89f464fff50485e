"""What a silence may cost at most: what is lent while nobody hears."""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.units import DAY
from ..metering.models import Silence, SilentMeter
from .on_the_way import on_the_way


@dataclass(frozen=True)
class Lending:
    """What a silent meter may cost by its usual use: Wh and nano a day (None: too little is known), `left` of its credit
    (nano) at an instant, under zero where it may have lent already, and about how many days that lasts (None: not known).
    """

    row: SilentMeter
    energy: int | None
    charge: int | None
    left: int
    days: int | None

    @property
    def lent(self) -> int:
        """What it may have lent by now, nano."""
        return max(-self.left, 0)


def lendings(silence: Silence, at: int) -> list[Lending]:
    """What each meter of a unit that is silent may cost, by what was known when that began and was paid since."""
    rows = silence.meters.filter(meter__unit__isnull=False).select_related("meter__unit", "meter__gateway")
    paid = on_the_way([row.meter_id for row in rows])
    found = []
    for row in rows:
        # One that is off draws nothing.
        off = row.closed is False
        energy, charge = (0, 0) if off else (row.day_energy, row.day_charge)
        passed = max(at - (row.read_at or silence.began_at), 0)
        held = row.balance + paid.get(row.meter_id, 0)
        left = held - (charge or 0) * passed // DAY
        days = max(left, 0) // charge if charge else None
        found.append(Lending(row, energy, charge, left, days))
    return found
