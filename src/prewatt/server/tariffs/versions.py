"""Letting a tariff hold at a property from an instant on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.entries import SetTariff
from ...kernel.tariff import Dated
from ...kernel.tariff import Tariff as KernelTariff
from ...kernel.tariff_document import tariff_to_document
from ..estate.models import Organisation, Property
from ..metering.models import Meter
from ..time import now
from ..vending.credit_log import issue
from .models import Tariff, TariffVersion


@transaction.atomic
def schedule(where: Property, tariff: Tariff, effective: int) -> TariffVersion:
    """From `effective` (µs since 1970) on, `tariff` holds at all meters of the property's units, also those that are
    offline then. ValidationError names what does not fit; what has taken effect can't be changed.
    """
    version = TariffVersion(property=where, tariff=tariff, effective=effective)
    version.full_clean()
    version.save()
    order = SetTariff(effective, tariff.kernel())
    for meter in Meter.objects.filter(unit__property=where):
        issue(meter, order)
    return version


def keep(owner: Organisation, tariff: KernelTariff) -> Tariff:
    """The organisation's tariff of this name: made, or found if it is the same. ValidationError if there is another
    one of that name.
    """
    document = tariff_to_document(tariff)
    known = Tariff.objects.filter(organisation=owner, name=tariff.name).first()
    if known is not None and known.kernel() == tariff:
        return known
    made = Tariff(organisation=owner, name=tariff.name, document=document)
    made.full_clean()
    made.save()
    return made


@transaction.atomic
def schedule_prices(where: Property, base: Tariff, series: Sequence[Dated]) -> list[TariffVersion]:
    """Let dated prices hold at a property, on top of the tariff `base`, which holds where they end. One version for
    each part of the series. ValidationError names what does not fit.
    """
    versions = []
    ahead = [dated for dated in series if dated.end > now()]
    if not ahead:
        raise ValidationError({"prices": _("All of these prices are past.")})
    for dated in ahead:
        begin = local(dated.begin, zone(where.zone))
        name = f"{base.name[:40]}, {begin:%Y-%m-%d %H:%M}"
        tariff = msgspec.structs.replace(base.kernel(), name=name, dated=dated)
        versions.append(schedule(where, keep(where.organisation, tariff), max(dated.begin, now())))
    return versions
