"""A debt that ran up while nobody could switch off is spread over weeks, so that the supply does not stop at once.

The amount is lent to the meter, and is owed as a debt like any other. A share of each later payment pays that debt
before the rest goes to the meter, in the same transaction. No more is taken than is owed. A tenant who moves out
settles the rest with the account.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import minor_unit
from ...kernel.orders import Restore
from ...kernel.sentences import Sentence, sentence
from ...kernel.units import BALANCE_MAX, DAY, parse_money
from ..core.errors import Refused
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..estate.terms_in_force import limit_at
from ..ledger.books import balance, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.apart import apart
from ..metering.locking import lock_meters, lock_organisation
from ..metering.models import JournalEntry, Meter, Silence, SilentMeter
from ..vending.adjustments import adjust
from ..vending.controls import control
from ..vending.models import TopUp
from ..vending.restorations import restored_until
from ..vending.silences import usual_day
from .debt_parts import lower, raise_again
from .debts import owe, withdraw
from .models import Debt, DebtPart, Spread
from .open_debts import debts_of

BY = "prewatt"
"""The name in the books for what prewatt does by itself."""
HIGHEST = 80
"""The most percent of a payment that is taken, so that a payment always buys some supply."""


class SpreadError(Refused):
    """The debt cannot be spread; the message, for people, says why. Nothing was changed."""


def open_spreads(tenancy: Tenancy) -> list[Spread]:
    """Return the spread debts that a tenant still pays by shares, the oldest first."""
    rows = Spread.objects.filter(debt__in=debts_of(tenancy).values("pk")).select_related(
        "debt__tenancy__unit__property"
    )
    return list(rows.order_by("at", "pk"))


def lock_spread(tenancy: Tenancy) -> bool:
    """Return whether a tenancy has a spread debt. If so, the organisation's row is locked before its meter's, so that
    the debt does not change until the present payment is booked.
    """
    if not Spread.objects.filter(debt__tenancy=tenancy).exists():
        return False
    lock_organisation(tenancy.unit.property.organisation_id)
    return True


# -- a share of each payment ------------------------------------------------------------------------------------------------


def _shares(tenancy: Tenancy, amount: int, left: int) -> list[tuple[Spread, int]]:
    """Return the part of a payment that pays each spread. `left`: the credit (nano) without the shares; enough of it
    stays that the supply goes on.
    """
    unit = minor_unit(tenancy.unit.property.currency)
    spare = max(_spare(tenancy, left, unit), 0)
    room, parts = min(amount * HIGHEST // 100, spare) // unit * unit, []
    for each in open_spreads(tenancy):
        share = -(-amount * each.share // (100 * unit)) * unit
        part = min(share, each.debt.left, room)
        if part > 0:
            parts.append((each, part))
            room -= part
    return parts


def _spare(tenancy: Tenancy, left: int, unit: int) -> int:
    """Return how much of `left` nano in an account can be taken without stopping the supply."""
    limit = limit_at(tenancy.unit_id, now())
    if limit is None:
        return left - max(parse_money(str(tenancy.unit.property.clearance)), unit)
    lowest, cuts = limit
    return left + lowest - unit if cuts else BALANCE_MAX


def share_of(tenancy: Tenancy, amount: int) -> int:
    """Return how much of a payment of `amount` nano pays spread debts, nano."""
    return sum(part for _spread, part in _shares(tenancy, amount, balance(tenant_account(tenancy)) + amount))


def take_share(top_up: TopUp) -> None:
    """Pay spread debts with the share of a booked payment, and take it off at the meter."""
    tenancy = top_up.tenancy
    own = tenant_account(tenancy)
    for each, amount in _shares(tenancy, top_up.amount, balance(own)):
        memo = sentence("of payment %(number)s for: %(memo)s", number=str(top_up)[:8], memo=each.debt.memo_as_given)
        part = lower(each.debt, amount, DebtPart.Why.SHARE, own, Transfer.Kind.DEBT_PAID, BY, memo, top_up=top_up)
        adjust(tenancy, -amount, Reference(Of.DEBT_PART, part.pk), memo, part.at)


def give_share_back(top_up: TopUp, memo: str) -> None:
    """Undo the share of a payment that is undone or moves: it is owed again, and returns to the meter before the
    payment is taken off there. The caller has locked the organisation's row and the meter's.
    """
    for part in top_up.debt_parts.filter(undone_at__isnull=True).select_related("debt__tenancy__unit__property"):
        at = raise_again(part, memo)
        adjust(part.debt.tenancy, part.amount, Reference(Of.DEBT_PART, part.pk).and_(Part.UNDONE), memo, at)


# -- to spread ------------------------------------------------------------------------------------------------------------


def owes(tenancy: Tenancy) -> int:
    """Return by how much a tenant's credit is below zero, nano: so much can be spread."""
    return max(-balance(tenant_account(tenancy)), 0)


def share_for(property_: Property, amount: int, day: int | None) -> int:
    """Return the percent of each payment that pays `amount` nano within the property's weeks, if `day` nano are used a
    day. It is never less than the property's share, and equals it if `day` is None.
    """
    share = int(property_.spread_share)
    if property_.spread_weeks and day:
        within = int(property_.spread_weeks) * 7 * day
        share = max(share, min(-(-100 * amount // (amount + within)), HIGHEST))
    return share


def usual_cost(meter: Meter, silence: Silence | None) -> int | None:
    """Return what a meter usually costs a day, nano: before a silence, or else now. None if too little is known."""
    row = silence.meters.filter(meter=meter).first() if silence is not None else None
    if row is not None and row.day_charge:
        return int(row.day_charge)
    usual = usual_day(meter)
    return usual[1] if usual else None


@transaction.atomic
def spread(
    tenancy: Tenancy, by: str, silence: Silence | None = None, most: int | None = None, share: int | None = None
) -> Spread:
    """Spread the amount by which a tenant's credit is below zero, or at most `most` nano of it. The meter gets the
    amount as credit at once, and the supply goes on for the days that the property sets (`spread_days`). `share`: the
    percent of each payment; None for the property's rule. `silence`: the time in which the debt ran up, None if there was
    none. `by`: the name of who does it. Raises SpreadError if nothing is owed, the tenancy has ended,
    the flat has no meter, the meter's balance does not belong to this tenant alone, or `share` is out of range.
    """
    organisation = lock_organisation(tenancy.unit.property.organisation_id)
    rows = Meter.objects.select_related("gateway__property__organisation", "unit").filter(unit=tenancy.unit_id)
    meter = next(iter(lock_meters(rows)), None)
    row = Tenancy.objects.select_related("unit__property").get(pk=tenancy.pk, unit__property__organisation=organisation)
    at, property_ = now(), row.unit.property
    if meter is None or row.has_ended(at):
        raise SpreadError(_("This tenancy has ended, or its flat has no meter."))
    if Tenancy.objects.filter(unit=row.unit_id, begins__lt=row.begins, settled_at__isnull=True).exists():
        raise SpreadError(
            _(
                "The previous tenancy is not settled yet, so the meter's balance may not be this tenant's: settle "
                "that tenancy first."
            )
        )
    amount = owes(row) if most is None else min(owes(row), most)
    if amount <= 0:
        raise SpreadError(
            _("The balance of %(who)s is not below zero, so there is nothing to spread.") % {"who": row.tenant}
        )
    if share is not None and not 1 <= share <= HIGHEST:
        raise SpreadError(_("A share must be from 1 to %(most)d percent.") % {"most": HIGHEST}, "share")
    memo = _memo(silence, property_)
    number = Spread.objects.filter(debt__tenancy=row).count() + 1
    of = Reference(Of.SPREAD, row.pk).numbered(number)
    debt = owe(row, amount, of, memo, at)
    new_spread = Spread.objects.create(
        debt=debt,
        silence=silence,
        at=at,
        by=by[:150],
        share=share_for(property_, amount, usual_cost(meter, silence)) if share is None else share,
    )
    adjust(row, amount, of, memo, at)
    _light(meter, property_, at, by, memo)
    return new_spread


def _memo(silence: Silence | None, property_: Property) -> Sentence:
    if silence is None:
        return sentence("spread over payments")
    place = zone(property_.zone)
    return sentence(
        "used while the gateway was silent, %(first)s to %(last)s, spread over payments",
        first=local_day(silence.began_at, place),
        last=local_day(silence.back_at or now(), place),
    )


def _light(meter: Meter, property_: Property, at: int, by: str, memo: str) -> None:
    """Order the supply to go on for some days, so that there is time to pay."""
    until = at + int(property_.spread_days) * DAY
    if until > at and restored_until(meter) < until:
        control(meter, Restore(until=until), by, memo)


@transaction.atomic
def stop(old_spread: Spread, by: Any) -> int:
    """Stop spreading a debt: the rest is taken off at the meter again. Returns the amount, nano."""
    tenancy = old_spread.debt.tenancy
    lock_organisation(tenancy.unit.property.organisation_id)
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    debt = Debt.objects.select_related("tenancy__unit__property").get(pk=old_spread.debt_id)
    left = withdraw(debt, by)
    of = Reference(Of.SPREAD, tenancy.pk).with_part_of(debt.reference).and_(Part.BACK)
    adjust(debt.tenancy, -left, of, sentence("not spread any more: %(memo)s", memo=debt.memo_as_given), now())
    return left


# -- by itself ------------------------------------------------------------------------------------------------------------


def who_lives(meter: Meter, at: int) -> Tenancy | None:
    """Return the tenancy at a meter at an instant; None if nobody lives there."""
    rows = Tenancy.objects.living(at).filter(unit=meter.unit_id)
    return rows.select_related("unit__property").first() if meter.unit_id else None


def ran_up(row: SilentMeter, tenancy: Tenancy) -> int:
    """Return how much of what a tenant owes from a silence is not spread yet, nano. It is 0 for a tenant who pays after
    use, since a bill covers it.
    """
    if limit_at(tenancy.unit_id, now()) is not None:
        return 0
    silence = row.silence
    charge = int(row.charge)
    if tenancy.begins > silence.began_at:
        rows = JournalEntry.objects.filter(meter=row.meter_id, seq__gt=row.seq, at__gt=tenancy.begins)
        charge = int(rows.filter(at__lte=row.counted_at or 0).aggregate(sum=Sum("charge"))["sum"] or 0)
    spreads = Spread.objects.filter(silence=silence, debt__tenancy=tenancy).select_related("debt")
    # Spread debts that are owed or paid are covered already.
    covered = sum(each.debt.amount - _withdrawn(each.debt) for each in spreads)
    return max(min(charge - covered, owes(tenancy)), 0)


def _withdrawn(debt: Debt) -> int:
    parts = debt.parts.filter(why=DebtPart.Why.WITHDRAWN, undone_at__isnull=True)
    return int(parts.aggregate(sum=Sum("amount"))["sum"] or 0)


def spread_what_ran_up() -> list[Spread]:
    """Spread by itself what ran up at each meter that is back, if the property says so. Returns the new spreads."""
    rows = SilentMeter.objects.filter(counted_at__isnull=False, was_checked_for_spread=False).select_related(
        "meter__unit__property", "silence__gateway__property"
    )
    spreads = apart("spread", rows, _by_itself, lambda row: row.meter)
    return [each for each in spreads if each is not None]


@transaction.atomic
def _by_itself(row: SilentMeter) -> Spread | None:
    new_spread = _made_by_itself(row)
    SilentMeter.objects.filter(pk=row.pk).update(was_checked_for_spread=True)
    return new_spread


def _made_by_itself(row: SilentMeter) -> Spread | None:
    property_, tenancy = row.silence.gateway.property, who_lives(row.meter, now())
    if property_.spread_rule != "self" or tenancy is None:
        return None
    amount = ran_up(row, tenancy)
    if not amount or amount <= parse_money(str(property_.spread_over)):
        return None
    try:
        return spread(tenancy, BY, row.silence, amount)
    except SpreadError:
        # A person must deal with it: the silence's page shows it.
        return None


# -- at a move-out --------------------------------------------------------------------------------------------------------


def settle_spreads(tenancy: Tenancy) -> None:
    """Make the rest of all spread debts due with the account of a tenancy that is settled. The caller has locked the
    organisation's row.
    """
    for each in open_spreads(tenancy):
        if left := each.debt.left:
            own, memo = tenant_account(tenancy), sentence("fell due: %(memo)s", memo=each.debt.memo_as_given)
            lower(each.debt, left, DebtPart.Why.SETTLED, own, Transfer.Kind.DEBT, BY, memo)


def reopen_spreads(tenancy: Tenancy, memo: str) -> None:
    """Spread again what became due with a settlement that is now corrected. The caller has locked the organisation's
    row.
    """
    rows = DebtPart.objects.filter(debt__tenancy=tenancy, why=DebtPart.Why.SETTLED, undone_at__isnull=True)
    for part in rows.select_related("debt__tenancy__unit__property"):
        raise_again(part, memo)
