"""Charged readings that cannot be true, from a journal before the server doubted registers; and their correction."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.plausible import SLACK, most
from ...kernel.sentences import Moment, sentence
from ..core import local_forms
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..estate.occupancy import holder_at
from ..ledger.references import Of, Reference
from ..metering.models import JournalEntry, Meter
from ..metering.readings import readings
from ..tariffs.models import Correction
from ..vending.models import Adjustment
from ..vending.refusals import GivingBackError
from .giving_back import put_right

LARGEST_SEEN = 20
"""The number of a meter's largest readings that are checked."""


class Wrong(NamedTuple):
    """A reading: its entry (`seq`), the instants between which it measured, the energy (Wh), its charge (nano), and the
    most energy (Wh) that can have flowed. `proposed`: a correction waits for a second person, or is done.
    """

    seq: int
    begin: int
    at: int
    energy: int
    charge: int
    most: int
    proposed: bool


class Right(NamedTuple):
    """The amount (nano) that a tenancy was charged too much by a reading, and by later ones that counted on it."""

    tenancy: Tenancy
    amount: int


def _name(seq: int, meter: Meter) -> Reference:
    return Reference(Of.READING, meter.pk).numbered(seq)


def _of(meter: Meter, row: JournalEntry) -> Wrong | None:
    before = JournalEntry.objects.filter(meter=meter, seq__lt=row.seq, kind="reading", energy__isnull=False)
    earlier = before.order_by("-seq").first()
    if earlier is None:
        return None
    highest = most(int(meter.power_highest), row.at - earlier.at)
    known = Adjustment.objects.filter(**_name(row.seq, meter)._asdict())
    proposed = known.exclude(state=Adjustment.State.DECLINED).exists()
    return Wrong(row.seq, earlier.at, row.at, row.energy or 0, row.charge or 0, highest, proposed)


def wrong_readings(meter: Meter) -> list[Wrong]:
    """Return the readings that are larger than the meter's fuse allows, the largest first. Only its largest readings
    are checked (`LARGEST_SEEN`).
    """
    rows = JournalEntry.objects.filter(meter=meter, kind="reading", energy__gt=SLACK).order_by("-energy", "seq")
    checked = [_of(meter, row) for row in rows[:LARGEST_SEEN]]
    return [each for each in checked if each is not None and each.energy > each.most]


def meter_put_right(property_: Property, begins: int, ends: int) -> Meter | None:
    """Return a meter of a property of which a reading after `begins`, up to `ends`, was put right or is proposed to be; None if
    there is none.
    """
    known = Adjustment.objects.filter(of=Of.READING).exclude(state=Adjustment.State.DECLINED)
    for meter in Meter.objects.filter(unit__property=property_, pk__in=known.values("number")):
        parts = set(known.filter(number=meter.pk).values_list("part", flat=True))
        read = JournalEntry.objects.filter(meter=meter, kind="reading", at__gt=begins, at__lte=ends)
        if any(_name(seq, meter).part in parts for seq in read.values_list("seq", flat=True)):
            return meter
    return None


def right(meter: Meter, seq: int, energy: int) -> list[Right]:
    """Return what each tenancy was charged too much, if `energy` (Wh) is the real use up to the reading of entry `seq`.
    Later readings that were rated in other tiers, or taxed otherwise, count too. Raises GivingBackError if there is no
    such reading, or the energy is not less than it.
    """
    _check(meter, seq, energy)
    versions = meter.property.tariff_versions.series()
    at = now()
    as_read, corrected = readings(meter, versions, at), readings(meter, versions, at, {seq: energy})
    tenancies = list(Tenancy.objects.filter(unit=meter.unit_id).select_related("unit__property__organisation"))
    sums: dict[int, Right] = {}
    for was, should in zip(as_read, corrected, strict=True):
        if was.seq < seq:
            continue
        # The reading itself is undone as it was charged; later ones by the difference that it made to them.
        amount = (was.charged if was.seq == seq else was.rerated.charge) - should.rerated.charge
        holder = holder_at(tenancies, was.at)
        if amount and holder is not None:
            before = sums.get(holder.pk, Right(holder, 0))
            sums[holder.pk] = Right(holder, before.amount + amount)
    return list(sums.values())


def _check(meter: Meter, seq: int, energy: int) -> None:
    """Raise GivingBackError if there is no such reading, the prices of its day were corrected, or the energy is not less than it."""
    row = JournalEntry.objects.filter(meter=meter, seq=seq, kind="reading", energy__isnull=False).first()
    if row is None:
        raise GivingBackError(_("This meter has no such reading: choose one from the list."))
    # What was charged in the end is of the corrected price, which the readings alone don't tell.
    corrected = Correction.objects.filter(property=meter.property.pk, begins__lt=row.at, ends__gte=row.at).first()
    if corrected is not None:
        text = _("The prices of that day were corrected (%(reason)s). Correct the charge by its amount instead.")
        raise GivingBackError(text % {"reason": corrected.reason})
    if not 0 <= energy < (row.energy or 0):
        text = _("Give the energy that was really used: from 0 to less than %(kwh)s kWh.")
        raise GivingBackError(text % {"kwh": local_forms.kwh(row.energy or 0)})


@transaction.atomic
def put_reading_right(meter: Meter, seq: int, energy: int, by: Any, reason: str) -> list[Adjustment]:
    """Propose to give back what a wrong reading charged; a second person must agree. Returns the proposals. Raises
    GivingBackError if there is no reason, or nobody was charged.
    """
    proposals = []
    for tenancy, amount in right(meter, seq, energy):
        at = JournalEntry.objects.get(meter=meter, seq=seq).at
        memo = sentence("reading of %(at)s put right: %(why)s", at=Moment(at, meter.property.zone), why=reason.strip())
        if not reason.strip():
            raise GivingBackError(_("Give the reason. It is shown to the tenant."))
        proposals.append(put_right(tenancy, amount, _name(seq, meter), by, memo))
    if not proposals:
        raise GivingBackError(_("Nobody was charged for this reading."))
    return proposals
