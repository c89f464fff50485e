"""Letting a tariff hold at a property from an instant on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.entries import SetTariff
from ...kernel.tariff import Dated
from ...kernel.tariff import Tariff as KernelTariff
from ...kernel.tariff_document import tariff_to_document
from ..core.time import now
from ..estate.models import Organisation, Property
from ..metering.locking import lock_meters
from ..metering.models import Meter
from ..vending.credit_log import issue
from .dated import check_scale, notes, plan
from .models import Tariff, TariffVersion


@transaction.atomic
def schedule(where: Property, tariff: Tariff, effective: int) -> TariffVersion:
    """From `effective` (µs since 1970) on, `tariff` holds at all meters of the property's units, also those that are
    offline then. ValidationError names what does not fit; what has taken effect can't be changed.
    """
    version = TariffVersion(property=where, tariff=tariff, effective_at=effective)
    try:
        version.full_clean()
    except ValidationError as error:
        # Forms, files and API documents call this field so.
        said = {"effective" if field == "effective_at" else field: texts for field, texts in error.error_dict.items()}
        raise ValidationError(said) from None
    version.save()
    order = SetTariff(effective, tariff.kernel())
    for meter in lock_meters(Meter.objects.filter(unit__property=where)):
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
    """Let dated prices hold at a property, on top of the tariff `base`, which holds where there are none. They replace those of
    an earlier series for the same time as far as it has not begun. ValidationError names what does not fit.
    """
    at = now()
    ahead = [dated for dated in series if dated.end > at]
    if not ahead:
        raise ValidationError({"prices": _("All of these prices are past.")})
    check_scale(base.kernel(), ahead)
    coming = {each.effective_at: each.tariff.kernel() for each in where.tariff_versions.in_force(at)}
    made = []
    for effective, tariff in sorted(plan(coming, base.kernel(), ahead, at).items()):
        kept = _kept_as_dated(where, tariff)
        if coming.get(effective) != kept.kernel():
            made.append(schedule(where, kept, effective))
    return made


def price_notes(where: Property, series: Sequence[Dated]) -> list[str]:
    """What people are to know of dated prices that were scheduled: see `dated.notes`."""
    at = now()
    coming = {each.effective_at: each.tariff.kernel() for each in where.tariff_versions.in_force(at)}
    return notes(coming, series, at, where.zone)


def _kept_as_dated(where: Property, tariff: KernelTariff) -> Tariff:
    """The organisation's tariff with these dated prices, under a name of its own: other buildings have prices of the same days,
    and so have earlier files of this one.
    """
    assert tariff.dated is not None
    begin = local(tariff.dated.begin, zone(where.zone))
    root = tariff.name.split(BETWEEN)[0][:20]
    name = BETWEEN.join((root, where.name[:14], f"{begin:%Y-%m-%d %H:%M}"))
    known = Tariff.objects.filter(organisation=where.organisation, name__startswith=name)
    for number in count(1):
        numbered = msgspec.structs.replace(tariff, name=name if number == 1 else f"{name} ({number})")
        same = known.filter(name=numbered.name).first()
        if same is None or same.kernel() == numbered:
            return keep(where.organisation, numbered)
    raise AssertionError


BETWEEN = " · "
"""Between the parts of the name of a tariff with dated prices: whose rates, where, from when."""
