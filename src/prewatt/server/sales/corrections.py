"""Correcting what a wrong tariff charged: reversed, and charged anew, in entries of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.tariff import RateCalendar, Version, version_at
from ..billing.remainders import close_remainder
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..ledger.books import Kind, account, book, holder_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.models import Meter
from ..metering.readings import readings
from ..tariffs.models import CorrectedCharge, Correction, Tariff
from ..vending.adjustments import adjust


class Rerated(NamedTuple):
    """What a meter's readings in the span came to for a tenancy (None: nobody), nano."""

    meter: Meter
    tenancy: Tenancy | None
    charged: int
    rerated: int


def corrected_series(where: Property, tariff: Tariff, begins: int, ends: int) -> tuple[Version, ...]:
    """The property's versions with `tariff` in the place of what held between two instants."""
    series = where.tariff_versions.series()
    after = version_at(series, ends)
    kept = [version for version in series if not begins <= version.effective < ends]
    made = [Version(begins, RateCalendar(tariff.kernel()))]
    if after is not None and after.effective < ends:
        made.append(Version(ends, after.calendar))
    return tuple(sorted([*kept, *made], key=lambda version: version.effective))


def rerate(where: Property, tariff: Tariff, begins: int, ends: int) -> list[Rerated]:
    """What a correction would come to: for each meter and tenancy with a reading in the span."""
    versions = corrected_series(where, tariff, begins, ends)
    found = []
    for meter in Meter.objects.filter(unit__property=where).select_related("gateway__property__organisation"):
        tenancies = list(Tenancy.objects.filter(unit=meter.unit_id).select_related("unit__property__organisation"))
        sums: dict[int | None, Rerated] = {}
        for each in readings(meter, versions, ends):
            if each.at <= begins:
                continue
            holder = next((tenancy for tenancy in tenancies if tenancy.holds(each.at)), None)
            key = holder.pk if holder else None
            before = sums.get(key, Rerated(meter, holder, 0, 0))
            sums[key] = Rerated(meter, holder, before.charged + each.charged, before.rerated + each.rerated.charge)
        found += [each for each in sums.values() if each.charged != each.rerated]
    return found


@transaction.atomic
def correct(where: Property, tariff: Tariff, begins: int, ends: int, reason: str, by: Any = None) -> Correction:
    """Book and send a correction. ValidationError if the span is not wholly past, its readings are not all here, the
    tariff does not fit, or there is nothing to correct.
    """
    at = now()
    if not begins < ends <= at:
        raise ValidationError({"ends": _("A correction is for a span that is past: until then a new version does it.")})
    late = Meter.objects.filter(unit__property=where, read_at__lt=ends).first()
    if late is not None:
        raise ValidationError({"ends": _("Meter %(meter)s has not yet reported up to that time.") % {"meter": late}})
    for other in Correction.objects.filter(property=where, begins__lt=ends, ends__gt=begins):
        raise ValidationError({"begins": _("This span was corrected already (%(reason)s).") % {"reason": other.reason}})
    correction = Correction(property=where, tariff=tariff, begins=begins, ends=ends, reason=reason, by=by, made_at=at)
    correction.full_clean(exclude=("by",))
    found = rerate(where, tariff, begins, ends)
    if not found:
        raise ValidationError({"tariff": _("Nothing was charged otherwise than this tariff says.")})
    correction.save()
    days = " – ".join(f"{local(each, zone(where.zone)):%Y-%m-%d}" for each in (begins, ends - 1))
    memo = f"{reason} ({days})"
    for each in found:
        _book(correction, each, memo)
    return correction


def _book(correction: Correction, each: Rerated, memo: str) -> None:
    organisation = correction.property.organisation
    holder, revenue = holder_account(organisation, each.tenancy), account(organisation, Kind.ENERGY_REVENUE)
    made = CorrectedCharge.objects.create(
        correction=correction, meter=each.meter, tenancy=each.tenancy, charged=each.charged, rerated=each.rerated
    )
    at, of = correction.made_at, Reference(Of.CORRECTION, made.pk)
    if each.charged:
        book(Transfer.Kind.REVERSAL, revenue, holder, each.charged, at, of.and_(Part.REVERSED), memo)
    if each.rerated:
        book(Transfer.Kind.RERATING, holder, revenue, each.rerated, at, of.and_(Part.ANEW), memo)
    if each.tenancy is None:
        return
    made.command = adjust(each.tenancy, each.charged - each.rerated, of, memo, at)
    made.save(update_fields=["command"])
    if each.tenancy.settled_at is not None:
        close_remainder(each.tenancy, of, memo)
