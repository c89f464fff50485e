"""Corrections of charges by a wrong tariff: they are reversed and charged again, in transfers of their own."""

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
from ..estate.occupancy import holder_at
from ..ledger.books import Kind, account, book, holder_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import lock_organisation
from ..metering.models import Meter
from ..metering.readings import readings
from ..tariffs.models import CorrectedCharge, Correction, Tariff
from ..vending.adjustments import adjust
from .wrong_readings import meter_put_right


class Rerated(NamedTuple):
    """The charges of a meter's readings in the span, for a tenancy (None: nobody lived there), nano: as they were
    `charged`, and as they would be (`rerated`).
    """

    meter: Meter
    tenancy: Tenancy | None
    charged: int
    rerated: int


def corrected_series(property_: Property, tariff: Tariff, begins: int, ends: int) -> tuple[Version, ...]:
    """Return the property's tariff versions with `tariff` in force between two instants."""
    series = property_.tariff_versions.series()
    after = version_at(series, ends)
    kept = [version for version in series if not begins <= version.effective < ends]
    changed = [Version(begins, RateCalendar(tariff.kernel()))]
    if after is not None and after.effective < ends:
        changed.append(Version(ends, after.calendar))
    return tuple(sorted([*kept, *changed], key=lambda version: version.effective))


def rerate(property_: Property, tariff: Tariff, begins: int, ends: int) -> list[Rerated]:
    """Return what a correction would change: one row for each meter and tenancy with a different charge in the span."""
    versions = corrected_series(property_, tariff, begins, ends)
    changes = []
    for meter in Meter.objects.filter(unit__property=property_).select_related("gateway__property__organisation"):
        tenancies = list(Tenancy.objects.filter(unit=meter.unit_id).select_related("unit__property__organisation"))
        sums: dict[int | None, Rerated] = {}
        for each in readings(meter, versions, ends):
            if each.at <= begins:
                continue
            holder = holder_at(tenancies, each.at)
            key = holder.pk if holder else None
            before = sums.get(key, Rerated(meter, holder, 0, 0))
            sums[key] = Rerated(meter, holder, before.charged + each.charged, before.rerated + each.rerated.charge)
        changes += [each for each in sums.values() if each.charged != each.rerated]
    return changes


@transaction.atomic
def correct(property_: Property, tariff: Tariff, begins: int, ends: int, reason: str, by: Any = None) -> Correction:
    """Book a correction and send it to the meters. Raises ValidationError, which names the field, if the span is not
    wholly past, a reading is missing, the span was corrected before, or nothing changes.
    """
    # A second click waits here, and then finds that the span was corrected.
    lock_organisation(property_.organisation_id)
    at = now()
    if not begins < ends <= at:
        raise ValidationError(
            {"ends": _("A correction must end in the past. For days to come, enter a new version of the tariff.")}
        )
    late = Meter.objects.filter(unit__property=property_, read_at__lt=ends).first()
    if late is not None:
        raise ValidationError(
            {
                "ends": _("Meter %(meter)s has not reported up to that time yet. Wait, or choose an earlier day.")
                % {"meter": late}
            }
        )
    for other in Correction.objects.filter(property=property_, begins__lt=ends, ends__gt=begins):
        raise ValidationError(
            {
                "begins": _("Some of this span was corrected already (%(reason)s): choose other days.")
                % {"reason": other.reason}
            }
        )
    _check_readings(property_, begins, ends)
    correction = Correction(
        property=property_, tariff=tariff, begins=begins, ends=ends, reason=reason, by=by, made_at=at
    )
    correction.full_clean(exclude=("by",))
    changes = rerate(property_, tariff, begins, ends)
    if not changes:
        raise ValidationError(
            {"tariff": _("With this tariff every charge stays the same, so there is nothing to correct.")}
        )
    correction.save()
    days = " – ".join(f"{local(each, zone(property_.zone)):%Y-%m-%d}" for each in (begins, ends - 1))
    memo = f"{reason} ({days})"
    for each in changes:
        _book(correction, each, memo)
    return correction


def _check_readings(property_: Property, begins: int, ends: int) -> None:
    """Raise ValidationError if a reading of the span was put right: what was given back for it is of the old price, so its energy
    would be charged anew at the right one.
    """
    meter = meter_put_right(property_, begins, ends)
    if meter is not None:
        text = _(
            "A wrong reading of meter %(meter)s in these days was put right at the old price. Choose other days, and "
            "correct the charge of this meter by its amount."
        )
        raise ValidationError({"begins": text % {"meter": meter}})


def _book(correction: Correction, row: Rerated, memo: str) -> None:
    organisation = correction.property.organisation
    holder, revenue = holder_account(organisation, row.tenancy), account(organisation, Kind.ENERGY_REVENUE)
    charge = CorrectedCharge.objects.create(
        correction=correction, meter=row.meter, tenancy=row.tenancy, charged=row.charged, rerated=row.rerated
    )
    at, of = correction.made_at, Reference(Of.CORRECTION, charge.pk)
    if row.charged:
        book(Transfer.Kind.REVERSAL, revenue, holder, row.charged, at, of.and_(Part.REVERSED), memo)
    if row.rerated:
        book(Transfer.Kind.RERATING, holder, revenue, row.rerated, at, of.and_(Part.ANEW), memo)
    if row.tenancy is None:
        return
    charge.command = adjust(row.tenancy, row.charged - row.rerated, of, memo, at)
    charge.save(update_fields=["command"])
    if row.tenancy.settled_at is not None:
        close_remainder(row.tenancy, of, memo)
