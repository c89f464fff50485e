"""The recorded use of a property's units, for comparisons."""

from __future__ import annotations

from collections.abc import Sequence

from ...kernel.tariff import Tariff
from ...kernel.units import DAY
from ..core.time import now
from ..estate.models import Property
from ..metering.models import JournalEntry, Meter
from ..metering.series import energies
from .compare import Comparison, Home, compare

YEAR = 366 * DAY
"""The time (µs) whose use is compared where nobody says another."""


def homes_of(property_: Property, begins: int, ends: int) -> dict[str, Home]:
    """Return the readings from `begins` to `ends`, by the unit's name."""
    homes = {}
    for meter in Meter.objects.filter(unit__property=property_).select_related("unit"):
        rows = JournalEntry.objects.filter(meter=meter, register__isnull=False, at__gte=begins, at__lte=ends)
        pairs = rows.order_by("seq").values_list("at", "energy")
        homes[meter.unit.name if meter.unit else meter.name] = energies((at, energy or 0) for at, energy in pairs)
    return homes


def what_if(
    property_: Property, others: Sequence[Tariff], begins: int | None = None, ends: int | None = None
) -> Comparison:
    """Compare a property's recorded use, by default of the last year, under its present tariff and others. Raises
    TariffError or ValidationError if they cannot be compared.
    """
    until = now() if ends is None else ends
    homes = homes_of(property_, until - YEAR if begins is None else begins, until)
    return compare(homes, [property_.tariff_versions.present().tariff.kernel(), *others])
