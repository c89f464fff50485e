"""What a meter used between any two instants, from its recorded readings, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .models import JournalEntry, Meter
from .series import align, energies, used_up_to

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Registers:
    """The readings of a meter: `at` (µs since 1970, ascending) and the energy used up to each (Wh, the first 0)."""

    at: Ints
    running: Ints

    def used_up_to(self, instants: Ints) -> Ints:
        """Return the Wh used up to each instant; between two readings energy counts as used evenly."""
        return (
            used_up_to(align(self.at, instants), self.running)
            if len(self.at)
            else np.zeros(len(instants), dtype=np.int64)
        )

    def used_between(self, begin: int, end: int) -> int:
        """Return the Wh used between two instants."""
        first, second = self.used_up_to(np.array([begin, end], dtype=np.int64))
        return int(second - first)


def registers(meter: Meter, begin: int, end: int) -> Registers:
    """Return the readings from the last one up to `begin` to the first one at or after `end`."""
    rows = JournalEntry.objects.filter(meter=meter, register__isnull=False)
    before = rows.filter(at__lte=begin).order_by("-seq").first()
    after = rows.filter(at__gte=end).order_by("seq").first()
    inside = rows.filter(seq__gte=before.seq if before else 0)
    if after is not None:
        inside = inside.filter(seq__lte=after.seq)
    rows_in_order = inside.order_by("seq").values_list("at", "energy")
    at, used = energies((at, energy or 0) for at, energy in rows_in_order)
    return Registers(at, np.concatenate(([0], np.cumsum(used))).astype(np.int64)[: len(at)])
