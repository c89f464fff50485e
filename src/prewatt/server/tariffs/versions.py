"""Letting a tariff hold at a property from an instant on."""

from __future__ import annotations

from django.db import transaction

from ...kernel.entries import SetTariff
from ..estate.models import Property
from ..metering.models import Meter
from ..vending.credit_log import issue
from .models import Tariff, TariffVersion


@transaction.atomic
def schedule(where: Property, tariff: Tariff, effective: int) -> TariffVersion:
    """From `effective` (µs since 1970) on, `tariff` holds at all meters of the property, also those that are offline
    then. ValidationError names what does not fit.
    """
    version = TariffVersion(property=where, tariff=tariff, effective=effective)
    version.full_clean()
    version.save()
    order = SetTariff(effective, tariff.kernel())
    for meter in Meter.objects.filter(unit__property=where):
        issue(meter, order)
    return version
