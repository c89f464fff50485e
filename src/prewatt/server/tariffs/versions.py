"""This module puts tariffs in force at a property from an instant."""

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
from ..metering.locking import lock_meters, lock_property
from ..metering.models import Meter
from ..vending.credit_log import issue
from .dated import plan
from .dated_notes import notes
from .dated_scale import check_scale
from .models import Tariff, TariffVersion


@transaction.atomic
def schedule(property_: Property, tariff: Tariff, effective: int) -> TariffVersion:
    """Put `tariff` in force from `effective` (µs since 1970) at all meters of the property's units, also at those that
    are offline then. If it is already what is in force from that instant, nothing changes. Raises ValidationError, which names
    the field; the past cannot be changed.
    """
    # A meter that is installed meanwhile is found below, or finds this version.
    lock_property(property_.pk)
    known = property_.tariff_versions.filter(effective_at=effective).last()
    if known is not None and known.tariff_id == tariff.pk:
        return known
    version = TariffVersion(property=property_, tariff=tariff, effective_at=effective)
    try:
        version.full_clean()
    except ValidationError as error:
        # Forms, files and API documents call this field so.
        errors = {"effective" if field == "effective_at" else field: texts for field, texts in error.error_dict.items()}
        raise ValidationError(errors) from None
    version.save()
    order = SetTariff(effective, tariff.kernel())
    for meter in lock_meters(Meter.objects.filter(unit__property=property_)):
        issue(meter, order)
    return version


@transaction.atomic
def apply_now(property_: Property, tariff: Tariff) -> TariffVersion:
    """Put `tariff` in force from now on, or return the version by which it is in force already. Raises ValidationError, which
    names the field.
    """
    lock_property(property_.pk)
    at = now()
    present = property_.tariff_versions.filter(effective_at__lte=at).last()
    if present is not None and present.tariff_id == tariff.pk:
        return present
    return schedule(property_, tariff, at)


def keep(owner: Organisation, tariff: KernelTariff) -> Tariff:
    """Return the organisation's tariff with this name: a new one, or the stored one if it is equal, which is brought back if
    it is archived. Raises ValidationError if a different tariff has this name.
    """
    document = tariff_to_document(tariff)
    known = Tariff.objects.filter(organisation=owner, name=tariff.name).first()
    if known is not None and known.kernel() == tariff:
        if known.archived_at is not None:
            known.archived_at = None
            known.save(update_fields=["archived_at"])
        return known
    if known is not None:
        raise ValidationError({"name": _("Another tariff has this name already. Choose another name.")})
    new_tariff = Tariff(organisation=owner, name=tariff.name, document=document)
    new_tariff.full_clean()
    new_tariff.save()
    return new_tariff


@transaction.atomic
def schedule_prices(property_: Property, base: Tariff, series: Sequence[Dated]) -> list[TariffVersion]:
    """Put dated prices in force at a property, on top of the tariff `base`, which holds in their gaps. They replace an
    earlier series for the same time, as far as it has not begun. Raises ValidationError, which names the field.
    """
    at = now()
    ahead = [dated for dated in series if dated.end > at]
    if not ahead:
        raise ValidationError({"prices": _("All of these prices are in the past: choose a newer file.")})
    check_scale(base.kernel(), ahead)
    coming = {each.effective_at: each.tariff.kernel() for each in property_.tariff_versions.in_force(at)}
    versions = []
    for effective, tariff in sorted(plan(coming, base.kernel(), ahead, at).items()):
        stored = _kept_as_dated(property_, tariff)
        if coming.get(effective) != stored.kernel():
            versions.append(schedule(property_, stored, effective))
    return versions


def price_notes(property_: Property, series: Sequence[Dated]) -> list[str]:
    """Return sentences about dated prices that were scheduled, for people (`dated_notes.notes`)."""
    at = now()
    coming = {each.effective_at: each.tariff.kernel() for each in property_.tariff_versions.in_force(at)}
    return notes(coming, series, at, property_.zone)


def _kept_as_dated(property_: Property, tariff: KernelTariff) -> Tariff:
    """Return the organisation's tariff with these dated prices, under a name of its own: other buildings have prices
    for the same days, and so have earlier files of this building.
    """
    assert tariff.dated is not None
    begin = local(tariff.dated.begin, zone(property_.zone))
    root = tariff.name.split(BETWEEN)[0][:20]
    name = BETWEEN.join((root, property_.name[:14], f"{begin:%Y-%m-%d %H:%M}"))
    known = Tariff.objects.filter(organisation=property_.organisation, name__startswith=name)
    for number in count(1):
        numbered = msgspec.structs.replace(tariff, name=name if number == 1 else f"{name} ({number})")
        same = known.filter(name=numbered.name).first()
        if same is None or same.kernel() == numbered:
            return keep(property_.organisation, numbered)
    raise AssertionError


BETWEEN = " · "
"""The text between the parts of the name of a tariff with dated prices: its rates, its property, its beginning."""
