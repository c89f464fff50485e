"""Energy of a keypad meter that is taken back: that of a code that was never typed in, and what is left on the meter at
the move-out. Also what the next tenant finds there.

What is taken back is what was sold last, at the price for which it was sold, with its fee and its tax. Nobody can know
whether a code was typed in, and nobody can stop a meter from taking it: so a second person agrees.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from ...kernel.buying import price_of
from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.charges import CHARGES, PER_KWH
from ...kernel.charges.interface import in_fields
from ...kernel.rating import Rated, Used
from ...kernel.span import closing
from ...tokens import Function
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.references import Of, Reference
from ..metering.models import Meter
from ..vending.keypad_models import KeypadReading
from ..vending.keypad_readings import readings
from ..vending.keypads import TENTH, account_meter_of, keypad_of, lock_keypads
from ..vending.models import Adjustment, Code, KeypadEntry, TokenMeter
from ..vending.refusals import GivingBackError
from .keypad_entries import (
    Standing,
    charge_days,
    charge_to_the_end,
    charge_up_to_the_last_day,
    counted,
    standing_of,
    used_of,
    versions_of,
    write,
)

GIVES = (KeypadEntry.Kind.SOLD, KeypadEntry.Kind.TAKEN_OVER)
"""The kinds of entries that give a tenant energy."""


def _given(tenancy: Tenancy) -> QuerySet[KeypadEntry]:
    """Return the entries that gave a tenant energy, the latest first."""
    return KeypadEntry.objects.filter(tenancy=tenancy, kind__in=GIVES).order_by("-number")


def not_taken_back(entry: KeypadEntry) -> int:
    """Return how much of an entry's energy was not taken back, Wh."""
    return int(entry.energy + (entry.backs.aggregate(sum=Sum("energy"))["sum"] or 0))


def _of_last(entry: KeypadEntry, energy: int) -> Rated:
    """Return what the last `energy` Wh of an entry cost, with the counters as they stand: the dearest tiers are the
    last. All of an entry's energy costs all of its charge.
    """
    parts: list[Used] = []
    left = energy
    for each in reversed(used_of(entry)):
        part = min(left, each.energy)
        if part:
            parts.append(Used(each.rate, each.tier, each.price, part))
            left -= part
    per_kwh = {form.name: form.of(entry) * energy // entry.energy for form in PER_KWH}
    net = sum(each.energy * each.price for each in parts) + sum(per_kwh.values())
    whole = entry.charge - entry.tax
    tax, included = (entry.tax * net // whole, entry.tax_included * net // whole) if whole else (0, 0)
    return Rated(
        used=tuple(parts),
        charge=net + tax,
        tax=tax,
        tax_included=included,
        counters=standing_of(entry.tenancy, entry.token_meter).counters,
        **in_fields(per_kwh),
    )


def _without(more: Rated, less: Rated) -> Rated:
    """Return the difference of two costs of the last energy of one entry, so that its parts sum to the whole."""
    before = {(each.rate, each.tier, each.price): each.energy for each in less.used}
    used = tuple(
        Used(each.rate, each.tier, each.price, each.energy - before.get((each.rate, each.tier, each.price), 0))
        for each in more.used
    )
    return more._replace(
        used=tuple(each for each in used if each.energy),
        charge=more.charge - less.charge,
        tax=more.tax - less.tax,
        tax_included=more.tax_included - less.tax_included,
        **in_fields({form.name: form.of(more) - form.of(less) for form in CHARGES}),
    )


def worth(entry: KeypadEntry, energy: int) -> Rated:
    """Return what was charged for the last `energy` Wh of an entry that are not taken back yet."""
    back = entry.energy - not_taken_back(entry)
    return _without(_of_last(entry, back + energy), _of_last(entry, back))


def _take_back(
    entry: KeypadEntry, energy: int, kind: KeypadEntry.Kind, by: str, standing: Standing, reason: str = ""
) -> Standing:
    """Take `energy` Wh of an entry back: their price becomes the tenant's credit, and tiers and the month's minimum count
    them no more, if day, month or year are still those of the sale. `standing`: how far the account is charged; it is
    returned as it is then. The caller holds the meter's lock.
    """
    rated = worth(entry, energy)
    used = tuple(Used(each.rate, each.tier, each.price, -each.energy) for each in rated.used)
    counters = counted(standing.counters, entry, used, rated.tax - rated.charge)
    write(
        entry.tenancy,
        entry.token_meter,
        kind,
        now(),
        standing.until,
        rated._replace(counters=counters),
        back_of=entry,
        by=by[:150],
        reason=reason[:200],
    )
    return Standing(standing.until, counters)


# -- a code that was never used -----------------------------------------------------------------------------------------


def give_back_reference(entry: KeypadEntry) -> Reference:
    """Return the reference under which the code of an entry is proposed to be given back."""
    return Reference(Of.KEYPAD, entry.pk)


def entry_of(adjustment: Adjustment) -> KeypadEntry | None:
    """Return the entry whose code a proposal gives back; None if it is a proposal of another kind."""
    if adjustment.of != Of.KEYPAD:
        return None
    return KeypadEntry.objects.select_related("tenancy__unit__property__organisation").get(pk=adjustment.number or 0)


def carry_out_give_back(adjustment: Adjustment, by: str) -> None:
    """Take all of a code's energy back, as a second person agreed. Raises GivingBackError if some of it was taken back
    meanwhile. The caller holds the transaction.
    """
    lock_keypads([adjustment.tenancy.unit_id])
    entry = entry_of(adjustment)
    assert entry is not None
    if not_taken_back(entry) != entry.energy:
        raise GivingBackError(_("Some of this code's energy was taken back already."))
    tenancy = entry.tenancy
    if tenancy.settled_at is not None:
        standing = standing_of(tenancy, entry.token_meter)
    else:
        until = now() if tenancy.ends is None else min(now(), closing(tenancy.ends))
        standing = charge_days(tenancy, entry.token_meter, until)
    _take_back(entry, entry.energy, KeypadEntry.Kind.BACK, by, standing, adjustment.reason)


# -- moving out and in ----------------------------------------------------------------------------------------------------


def reading_at_the_end(tenancy: Tenancy, token_meter: TokenMeter) -> KeypadReading | None:
    """Return the reading by which a tenancy that ended is settled, with what is left on the meter: the first reading after the
    move-out; without one, the last reading of the day of the move-out, unless a code was made after it. None if there is
    neither.
    """
    if tenancy.ends is None:
        return None
    rows = readings(token_meter).filter(left__isnull=False, doubt="")
    since = rows.filter(at__gte=tenancy.ends).first()
    if since is not None:
        return since
    place = zone(tenancy.unit.property.zone)
    begins = day_bounds(local_day(closing(tenancy.ends), place), place)[0]
    last = rows.filter(at__gte=max(begins, tenancy.begins), at__lt=tenancy.ends).last()
    if last is None or _given(tenancy).filter(kind=KeypadEntry.Kind.SOLD, at__gt=last.at, at__lt=tenancy.ends).exists():
        return None
    return last


def close(tenancy: Tenancy) -> None:
    """Charge a tenancy that ended the rest of its days, and take back what is left on its keypad meter: the energy that
    this tenant was given last goes back first. Days that were charged for the time after the end are given back. Does
    nothing if the flat has no such meter. The caller holds the meter's lock.
    """
    token_meter = account_meter_of(tenancy)
    if token_meter is None or tenancy.ends is None or Meter.objects.filter(unit=tenancy.unit_id).exists():
        return
    standing = charge_up_to_the_last_day(tenancy, token_meter, tenancy.ends)
    left = _left_at_the_end(tenancy, token_meter)
    # Settled again, after a move was put right, it is not taken back again.
    back = KeypadEntry.objects.filter(tenancy=tenancy, kind=KeypadEntry.Kind.LEFT)
    left += int(back.aggregate(sum=Sum("energy"))["sum"] or 0)
    for entry in _given(tenancy):
        energy = min(left, not_taken_back(entry))
        if energy > 0:
            standing = _take_back(entry, energy, KeypadEntry.Kind.LEFT, "prewatt", standing)
            left -= energy
    # After what is left: it is no part of what the last month has cost.
    charge_to_the_end(tenancy, token_meter, standing, tenancy.ends)


def _left_at_the_end(tenancy: Tenancy, token_meter: TokenMeter) -> int:
    """Return what is left on the meter of what a tenant who moved out was given, Wh: by the reading, less what was sold
    to others between the move-out and that reading.
    """
    reading = reading_at_the_end(tenancy, token_meter)
    if reading is None or reading.left is None or tenancy.ends is None:
        return 0
    codes = Code.objects.filter(token_meter=token_meter, kind=Code.Kind.UNITS, at__gt=tenancy.ends, at__lte=reading.at)
    others = codes.exclude(entry__tenancy=tenancy).aggregate(tenths=Sum("amount"))["tenths"] or 0
    return max(reading.left - int(others) * TENTH, 0)


def found_at_move_in(tenancy: Tenancy, token_meter: TokenMeter) -> int:
    """Return the energy (Wh) that a tenant found on the keypad meter and was not charged: by the last reading of the days
    from the move-out before to the move-in. 0 if there is none, a code was sold before it, or a code was made after it
    that clears the meter.
    """
    place = zone(tenancy.unit.property.zone)
    until = day_bounds(local_day(tenancy.begins, place), place)[1]
    rows = readings(token_meter).filter(at__lt=until, left__isnull=False, doubt="")
    before = Tenancy.objects.filter(unit=tenancy.unit_id, begins__lt=tenancy.begins).order_by("begins").last()
    if before is not None and before.ends is not None:
        # Who lived there has used of what an earlier reading says.
        rows = rows.filter(at__gte=day_bounds(local_day(before.ends - 1, place), place)[0])
    reading = rows.last()
    first = _given(tenancy).last()
    if reading is None or not reading.left or (first is not None and first.at < reading.at):
        return 0
    if KeypadEntry.objects.filter(tenancy=tenancy, kind=KeypadEntry.Kind.TAKEN_OVER).exists():
        return 0
    clears = Code.objects.filter(token_meter=token_meter, kind=Code.Kind.MANAGEMENT, at__gt=reading.at)
    if clears.filter(detail=Function.CLEAR_CREDIT.name.lower()).exists():
        return 0
    return int(reading.left)


@transaction.atomic
def take_over(tenancy: Tenancy, by: Any) -> KeypadEntry:
    """Charge a tenant the energy that was left on the keypad meter at the move-in, at the tariff of this moment: the
    next payment pays it. Raises GivingBackError if nothing was left, or it is charged already.
    """
    lock_keypads([tenancy.unit_id])
    tenancy.refresh_from_db(fields=["begins", "ends", "settled_at"])
    token_meter = keypad_of(tenancy.unit_id)
    energy = found_at_move_in(tenancy, token_meter) if token_meter is not None and not tenancy.has_ended(now()) else 0
    if token_meter is None or not energy:
        raise GivingBackError(
            _("No reading shows that energy was left on the meter at the move-in, or this energy is charged already.")
        )
    standing = charge_days(tenancy, token_meter, now())
    rated = price_of(versions_of(tenancy), now(), energy, standing.counters)
    if not rated.charge:
        raise GivingBackError(_("No tariff is in force at this building, so energy has no price: choose one first."))
    kind = KeypadEntry.Kind.TAKEN_OVER
    return write(tenancy, token_meter, kind, now(), standing.until, rated, by=name_of(by))
