"""Correcting what a wrong tariff charged: reversed, and charged anew, in entries of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.calendar import local, zone
from ...kernel.entries import Reading, TenancyChanged, decode_entry
from ...kernel.rating import Counters, rate_interval
from ...kernel.tariff import RateCalendar, Version, version_at
from ..estate.models import Property, Tenancy
from ..ledger.books import Kind, account, book, holder_account
from ..ledger.models import Transfer
from ..metering.models import JournalEntry, Meter
from ..time import now
from ..vending.adjustments import adjust
from .models import CorrectedCharge, Correction, Tariff


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
        for at, charged, rerated in _readings(meter, versions, ends):
            if at <= begins:
                continue
            holder = next((each for each in tenancies if each.holds(at)), None)
            key = holder.pk if holder else None
            before = sums.get(key, Rerated(meter, holder, 0, 0))
            sums[key] = Rerated(meter, holder, before.charged + charged, before.rerated + rerated)
        found += [each for each in sums.values() if each.charged != each.rerated]
    return found


def _readings(meter: Meter, versions: tuple[Version, ...], ends: int) -> list[tuple[int, int, int]]:
    """(instant, nano charged, nano by `versions`) of a meter's readings up to `ends`."""
    replayed, counters = Account(), Counters()
    found = []
    entries = JournalEntry.objects.filter(meter=meter, at__lte=ends, kind__in=("reading", "tenancy")).order_by("seq")
    for body in entries.values_list("body", flat=True).iterator():
        entry = decode_entry(bytes(body))
        if isinstance(entry, TenancyChanged):
            replayed.restarts = (*replayed.restarts, entry.effective)
        elif isinstance(entry, Reading):
            energy = entry.register - (replayed.register if replayed.register is not None else entry.register)
            begin = replayed.read_at if replayed.register is not None else entry.at
            rated = rate_interval(versions, begin, entry.at, max(energy, 0), counters, replayed.restarts)
            counters = rated.counters
            found.append((entry.at, entry.charge, rated.charge))
            replayed.register, replayed.read_at = entry.register, entry.at
            replayed.restarts = tuple(each for each in replayed.restarts if each > entry.at)
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
        raise ValidationError({"ends": _("Meter %(meter)s has not reported until then yet.") % {"meter": late}})
    for other in Correction.objects.filter(property=where, begins__lt=ends, ends__gt=begins):
        raise ValidationError({"begins": _("This span was corrected already (%(reason)s).") % {"reason": other.reason}})
    correction = Correction(property=where, tariff=tariff, begins=begins, ends=ends, reason=reason, by=by, made=at)
    correction.full_clean(exclude=("by",))
    found = rerate(where, tariff, begins, ends)
    if not found:
        raise ValidationError({"tariff": _("Nothing was charged otherwise than this tariff says.")})
    correction.save()
    days = " – ".join(f"{local(each, zone(where.zone)):%Y-%m-%d}" for each in (begins, ends - 1))
    memo = f"{reason} ({days})"
    for number, each in enumerate(found):
        _book(correction, number, each, memo)
    return correction


def _book(correction: Correction, number: int, each: Rerated, memo: str) -> None:
    from ..billing.tenancies import close_remainder

    organisation = correction.property.organisation
    holder, revenue = holder_account(organisation, each.tenancy), account(organisation, Kind.ENERGY_REVENUE)
    at, name = correction.made, f"correction {correction.pk}-{number}"
    if each.charged:
        book(Transfer.Kind.REVERSAL, revenue, holder, each.charged, at, f"{name} reversed", memo)
    if each.rerated:
        book(Transfer.Kind.RERATING, holder, revenue, each.rerated, at, f"{name} anew", memo)
    command = adjust(each.tenancy, each.charged - each.rerated, name, memo) if each.tenancy else None
    CorrectedCharge.objects.create(
        correction=correction,
        meter=each.meter,
        tenancy=each.tenancy,
        charged=each.charged,
        rerated=each.rerated,
        command=command,
    )
    if each.tenancy and each.tenancy.settled is not None:
        close_remainder(each.tenancy, name, memo)
