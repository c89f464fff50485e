"""The recorded use of a property's units, for comparisons."""

from __future__ import annotations

from ..estate.models import Property
from ..metering.models import JournalEntry, Meter
from .compare import Home
from .vectorised import energies


def homes_of(where: Property, begins: int, ends: int) -> dict[str, Home]:
    """By unit, the readings from `begins` to `ends`."""
    found = {}
    for meter in Meter.objects.filter(unit__property=where).select_related("unit"):
        rows = JournalEntry.objects.filter(meter=meter, register__isnull=False, at__gte=begins, at__lte=ends)
        pairs = rows.order_by("seq").values_list("at", "register")
        found[meter.unit.name if meter.unit else meter.name] = energies((at, register or 0) for at, register in pairs)
    return found
