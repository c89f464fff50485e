"""What ran up while nobody could cut off is spread over weeks, instead of darkness at once.

It is lent to the meter, and owed beside it as a debt like any other; of each later payment a share pays that debt before the
rest goes to the meter, in the transaction of the payment. Never more is taken than is owed. Who moves out settles what is left
with the account.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import minor_unit
from ...kernel.orders import Restore
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
from ..vending.controls import control, restored_until
from ..vending.models import TopUp
from ..vending.silences import usual_day
from .debts import debts_of, lower, owe, raise_again, withdraw
from .models import Debt, DebtPart, Spread

BY = "prewatt"
"""In whose name the books do what follows by itself."""
HIGHEST = 80
"""Percent of a payment that are taken at most: who pays has light."""


class SpreadError(Refused):
    """It can't be done; the message, for people, says why. Nothing was changed."""


def open_spreads(tenancy: Tenancy) -> list[Spread]:
    """What a tenant pays by shares still, the oldest first."""
    rows = Spread.objects.filter(debt__in=debts_of(tenancy).values("pk")).select_related(
        "debt__tenancy__unit__property"
    )
    return list(rows.order_by("at", "pk"))


def lock_spread(tenancy: Tenancy) -> bool:
    """Whether something of a tenancy is spread; then the organisation's row is locked, before its meter's is: what is owed
    stays as it is until the payment at hand is booked.
    """
    if not Spread.objects.filter(debt__tenancy=tenancy).exists():
        return False
    lock_organisation(tenancy.unit.property.organisation_id)
    return True


# -- a share of each payment ------------------------------------------------------------------------------------------------


def _shares(tenancy: Tenancy, amount: int, left: int) -> list[tuple[Spread, int]]:
    """What of a payment pays which spread, where `left` nano would be left without it. So much stays that there is light."""
    unit = minor_unit(tenancy.unit.property.currency)
    spare = max(_spare(tenancy, left, unit), 0)
    room, found = min(amount * HIGHEST // 100, spare) // unit * unit, []
    for each in open_spreads(tenancy):
        share = -(-amount * each.share // (100 * unit)) * unit
        part = min(share, each.debt.left, room)
        if part > 0:
            found.append((each, part))
            room -= part
    return found


def _spare(tenancy: Tenancy, left: int, unit: int) -> int:
    """What of `left` nano in an account it takes no light to do without."""
    limit = limit_at(tenancy.unit_id, now())
    if limit is None:
        return left - max(parse_money(str(tenancy.unit.property.clearance)), unit)
    lowest, cuts = limit
    return left + lowest - unit if cuts else BALANCE_MAX


def share_of(tenancy: Tenancy, amount: int) -> int:
    """What of a payment of `amount` nano pays what is spread, nano."""
    return sum(part for _spread, part in _shares(tenancy, amount, balance(tenant_account(tenancy)) + amount))


def take_share(made: TopUp) -> None:
    """A payment was booked: its share pays what is spread, and is taken off at the meter."""
    tenancy = made.tenancy
    own = tenant_account(tenancy)
    for each, amount in _shares(tenancy, made.amount, balance(own)):
        memo = _("of payment %(number)s for: %(memo)s") % {"number": str(made)[:8], "memo": each.debt.memo}
        part = lower(
            each.debt, amount, DebtPart.Why.SHARE, own, Transfer.Kind.DEBT_PAID, BY, memo, top_up=made
        )  # fmt: skip
        adjust(tenancy, -amount, Reference(Of.DEBT_PART, part.pk), memo, part.at)


def give_share_back(made: TopUp, memo: str) -> None:
    """A payment is undone, or goes elsewhere: its share is owed again, and is at the meter again before the payment is taken
    off there. To be called with the organisation's row locked, and the meter's.
    """
    for part in made.debt_parts.filter(undone_at__isnull=True).select_related("debt__tenancy__unit__property"):
        at = raise_again(part, memo)
        adjust(part.debt.tenancy, part.amount, Reference(Of.DEBT_PART, part.pk).and_(Part.UNDONE), memo, at)


# -- to spread ------------------------------------------------------------------------------------------------------------


def owes(tenancy: Tenancy) -> int:
    """What a tenant's credit is under zero by, nano: so much can be spread."""
    return max(-balance(tenant_account(tenancy)), 0)


def share_for(where: Property, amount: int, day: int | None) -> int:
    """The percent of each payment that pay `amount` nano within the property's weeks, where `day` nano are used a day; never
    less than the property's share.
    """
    share = int(where.spread_share)
    if where.spread_weeks and day:
        within = int(where.spread_weeks) * 7 * day
        share = max(share, min(-(-100 * amount // (amount + within)), HIGHEST))
    return share


def usual_cost(meter: Meter, silence: Silence | None) -> int | None:
    """What a meter costs a day, nano: as it was before a silence, or as it is. None if too little is known."""
    row = silence.meters.filter(meter=meter).first() if silence is not None else None
    if row is not None and row.day_charge:
        return int(row.day_charge)
    found = usual_day(meter)
    return found[1] if found else None


@transaction.atomic
def spread(
    tenancy: Tenancy, by: str, silence: Silence | None = None, most: int | None = None, share: int | None = None
) -> Spread:
    """Spread what a tenant's credit is under zero by, or `most` nano of it: at the meter it is credit from now on, and the
    supply goes on for the property's days. `share`: percent of each payment; None: as the property says. SpreadError if
    nothing is owed, or the meter's balance is not this tenant's alone.
    """
    organisation = lock_organisation(tenancy.unit.property.organisation_id)
    rows = Meter.objects.select_related("gateway__property__organisation", "unit").filter(unit=tenancy.unit_id)
    meter = next(iter(lock_meters(rows)), None)
    row = Tenancy.objects.select_related("unit__property").get(pk=tenancy.pk, unit__property__organisation=organisation)
    at, where = now(), row.unit.property
    if meter is None or row.settled_at is not None or (row.ends is not None and row.ends <= at):
        raise SpreadError(_("This tenancy has ended, or has no meter."))
    if Tenancy.objects.filter(unit=row.unit_id, begins__lt=row.begins, settled_at__isnull=True).exists():
        raise SpreadError(_("The tenant before is not settled yet: the meter's balance is not known to be this one's."))
    amount = owes(row) if most is None else min(owes(row), most)
    if amount <= 0:
        raise SpreadError(_("%(who)s owes nothing that could be spread.") % {"who": row.tenant})
    if share is not None and not 1 <= share <= HIGHEST:
        raise SpreadError(_("A share is 1 to %(most)d percent.") % {"most": HIGHEST}, "share")
    memo = _memo(silence, where)
    number = Spread.objects.filter(debt__tenancy=row).count() + 1
    of = Reference(Of.SPREAD, row.pk).numbered(number)
    debt = owe(row, amount, of, memo, at)
    made = Spread.objects.create(
        debt=debt, silence=silence, at=at, by=by[:150],
        share=share_for(where, amount, usual_cost(meter, silence)) if share is None else share,
    )  # fmt: skip
    adjust(row, amount, of, memo, at)
    _light(meter, where, at, by, memo)
    return made


def _memo(silence: Silence | None, where: Property) -> str:
    if silence is None:
        return _("spread over payments")
    there = zone(where.zone)
    span = {"first": local_day(silence.began_at, there), "last": local_day(silence.back_at or now(), there)}
    return _("used while the gateway was silent, %(first)s to %(last)s, spread over payments") % span


def _light(meter: Meter, where: Property, at: int, by: str, memo: str) -> None:
    """The supply goes on for some days, so that there is time to pay."""
    until = at + int(where.spread_days) * DAY
    if until > at and restored_until(meter) < until:
        control(meter, Restore(until=until), by, memo)


@transaction.atomic
def stop(made: Spread, by: Any) -> int:
    """It is not spread after all: what is left of it is taken off at the meter again. How much it was, nano."""
    tenancy = made.debt.tenancy
    lock_organisation(tenancy.unit.property.organisation_id)
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    debt = Debt.objects.select_related("tenancy__unit__property").get(pk=made.debt_id)
    left = withdraw(debt, by)
    of = Reference(Of.SPREAD, tenancy.pk).with_part_of(debt.reference).and_(Part.BACK)
    adjust(debt.tenancy, -left, of, _("not spread any more: %(memo)s") % {"memo": debt.memo}, now())
    return left


# -- by itself ------------------------------------------------------------------------------------------------------------


def who_lives(meter: Meter, at: int) -> Tenancy | None:
    """Who lives where a meter is at an instant."""
    rows = Tenancy.objects.living(at).filter(unit=meter.unit_id)
    return rows.select_related("unit__property").first() if meter.unit_id else None


def ran_up(row: SilentMeter, tenancy: Tenancy) -> int:
    """What a tenant owes of what ran up in a silence, and is not spread yet, nano. Who pays after use is billed for it."""
    if limit_at(tenancy.unit_id, now()) is not None:
        return 0
    silence = row.silence
    charge = int(row.charge)
    if tenancy.begins > silence.began_at:
        rows = JournalEntry.objects.filter(meter=row.meter_id, seq__gt=row.seq, at__gt=tenancy.begins)
        charge = int(rows.filter(at__lte=row.counted_at or 0).aggregate(sum=Sum("charge"))["sum"] or 0)
    spreads = Spread.objects.filter(silence=silence, debt__tenancy=tenancy).select_related("debt")
    # What was spread and is still owed, or was paid, is dealt with.
    dealt = sum(each.debt.amount - _withdrawn(each.debt) for each in spreads)
    return max(min(charge - dealt, owes(tenancy)), 0)


def _withdrawn(debt: Debt) -> int:
    gone = debt.parts.filter(why=DebtPart.Why.WITHDRAWN, undone_at__isnull=True)
    return int(gone.aggregate(sum=Sum("amount"))["sum"] or 0)


def spread_what_ran_up() -> list[Spread]:
    """Where the property says so, spread by itself what has run up at each meter that is back."""
    rows = SilentMeter.objects.filter(counted_at__isnull=False, spread=False).select_related(
        "meter__unit__property", "silence__gateway__property"
    )
    done = apart("spread", rows, _by_itself, lambda row: row.meter)
    return [each for each in done if each is not None]


@transaction.atomic
def _by_itself(row: SilentMeter) -> Spread | None:
    made = _made_by_itself(row)
    SilentMeter.objects.filter(pk=row.pk).update(spread=True)
    return made


def _made_by_itself(row: SilentMeter) -> Spread | None:
    where, tenancy = row.silence.gateway.property, who_lives(row.meter, now())
    if where.spread_rule != "self" or tenancy is None:
        return None
    amount = ran_up(row, tenancy)
    if not amount or amount <= parse_money(str(where.spread_over)):
        return None
    try:
        return spread(tenancy, BY, row.silence, amount)
    except SpreadError:
        # A person has to see to it: it stands on the silence's page.
        return None


# -- at a move-out --------------------------------------------------------------------------------------------------------


def settle_spreads(tenancy: Tenancy) -> None:
    """A tenancy is settled: what is left of what is spread falls due with its account. To be called with the organisation's
    row locked.
    """
    for each in open_spreads(tenancy):
        if left := each.debt.left:
            own, memo = tenant_account(tenancy), _("fell due: %(memo)s") % {"memo": each.debt.memo}
            lower(each.debt, left, DebtPart.Why.SETTLED, own, Transfer.Kind.DEBT, BY, memo)


def reopen_spreads(tenancy: Tenancy, memo: str) -> None:
    """A settlement is put right: what fell due with it is spread again. To be called with the organisation's row locked."""
    rows = DebtPart.objects.filter(debt__tenancy=tenancy, why=DebtPart.Why.SETTLED, undone_at__isnull=True)
    for part in rows.select_related("debt__tenancy__unit__property"):
        raise_again(part, memo)
