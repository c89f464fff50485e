"""Whether a property's time zone and currency can still change: journals, tariffs and books are written by them."""

from __future__ import annotations

from ..estate.models import Property, Tenancy
from ..metering.models import Meter


def is_fixed(property_: Property) -> bool:
    """Return whether a property's time zone and currency can't be changed any more: it has meters, a price or a deposit."""
    return (
        Meter.objects.filter(gateway__property=property_).exists()
        or property_.tariff_versions.exists()
        or Tenancy.objects.filter(unit__property=property_, deposit__gt=0).exists()
    )
