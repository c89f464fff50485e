"""What the landlord owes to people until it is paid out, in parts: what was decided to be given back, credit and deposits
that a move-out left, what somebody paid too much.

The books' account of refunds is at each moment the sum of what is left of all of it, and of payments that are held.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import format_money, minor_unit
from ...kernel.units import exact_money
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..estate.wall_clock import YEARS
from ..ledger.books import MONEY, Kind, account, book, tenant_account
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import for_update
from ..metering.models import Meter
from ..vending.models import PayOut, Refund
from ..vending.refusals import GivingBackError


def owe_back(
    tenancy: Tenancy,
    amount: int,
    why: Refund.Why,
    source: Account,
    reference: Reference,
    memo: str,
    kind: Transfer.Kind = Transfer.Kind.SETTLEMENT,
    at: int | None = None,
) -> Refund:
    """`amount` nano that lie in an account `source` are owed to a tenancy's person from an instant on (None: now). A transfer of
    the kind DEPOSIT moves this tenancy's deposit. In the caller's transaction.
    """
    owed_by, since = account(tenancy.unit.property.organisation, Kind.REFUNDS), now() if at is None else at
    if source != owed_by:
        deposit_of = tenancy if kind == Transfer.Kind.DEPOSIT else None
        book(kind, source, owed_by, amount, since, reference, memo, meter_of(tenancy), deposit_of)
    return Refund.objects.create(
        tenancy=tenancy, who=tenancy.tenant, amount=amount, why=why, reason=memo[:200], at=since, by=""
    )


def owe_cleared(meter: Meter, tenancy: Tenancy | None, amount: int, at: int, seq: int) -> None:
    """A meter's credit (nano) was cleared by journal entry `seq`, at an instant: it is owed back to who held it. Where nobody
    lives it was nobody's: what the meter holds is levelled with the next settlement.
    """
    if tenancy is None:
        return
    memo = _("credit cleared at meter %(meter)s") % {"meter": meter.name}
    of = Reference(Of.CLEARED, meter.pk).numbered(seq)
    owe_back(tenancy, amount, Refund.Why.CLEARED, tenant_account(tenancy), of, memo, at=at)


def meter_of(tenancy: Tenancy) -> Meter | None:
    """Where a tenancy's bookings belong that touch no tenant's account."""
    return Meter.objects.filter(unit=tenancy.unit_id).first()


def owed(organisation: Organisation) -> QuerySet[Refund]:
    """What an organisation owes to people still, the oldest first."""
    rows = Refund.objects.filter(tenancy__unit__property__organisation=organisation, paid_at__isnull=True)
    return rows.select_related("tenancy__unit__property__organisation").order_by("at", "pk")


def owed_to(tenancy: Tenancy) -> QuerySet[Refund]:
    """What is owed to one tenancy's person still, the oldest first."""
    return Refund.objects.filter(tenancy=tenancy, paid_at__isnull=True).order_by("at", "pk")


def locked(refund: Refund) -> Refund:
    """The row, locked. GivingBackError if it is paid out already."""
    found: Refund = for_update(Refund.objects).select_related("tenancy__unit__property__organisation").get(pk=refund.pk)
    if found.paid_at is not None:
        raise GivingBackError(_("This refund is paid out already."))
    return found


@transaction.atomic
def pay_out(
    refund: Refund, by: Any, amount: int | None = None, way: str = "cash", day: date | None = None, number: str = ""
) -> Refund:
    """`amount` nano of it (None: all that is left) have left the landlord's hands, in cash or by transfer, on a local day
    (None: today); `number`: of the receipt or the transfer. What is left is all paid by its nearest amount in the currency.
    GivingBackError if it is more than is left.
    """
    row = locked(refund)
    currency = row.tenancy.unit.property.currency
    left, unit = row.left, minor_unit(currency)
    whole = nearest(left, unit)
    paid = whole if amount is None else amount
    if not 0 <= paid <= max(left, whole) or (amount == 0 and whole):
        said = {"left": format_money(left, currency)}
        raise GivingBackError(_("%(left)s of it is left to be paid out.") % said, "amount")
    if paid % unit:
        raise GivingBackError(
            _("%(amount)s has too many decimals to be paid.") % {"amount": exact_money(paid)}, "amount"
        )
    if way not in MONEY:
        raise GivingBackError(_("Money is paid out in cash or by transfer."), "way")
    today = local_day(now(), zone(row.tenancy.unit.property.zone))
    if day is not None and day > today:
        raise GivingBackError(_("%(day)s is in the future.") % {"day": day}, "day")
    if day is not None and day.year not in YEARS:
        raise GivingBackError(_("%(day)s can't be the day on which it was paid.") % {"day": day}, "day")
    if len(number) > 100 or not number.isprintable():
        raise GivingBackError(_("A number or note has at most 100 printable characters."), "number")
    lies, meter = account(row.tenancy.unit.property.organisation, MONEY[way]), meter_of(row.tenancy)
    owed_by, given = account(lies.organisation, Kind.REFUNDS), account(lies.organisation, Kind.ADJUSTMENTS)
    if paid:
        made = fall(row, min(paid, left), PayOut.Way(way), name_of(by), day or today, number.strip())
        of = Reference(Of.PAID_OUT, made.pk)
        book(Transfer.Kind.REFUND_PAID, owed_by, lies, made.amount, made.at, of, row.reason, meter)
        if paid > left:
            book(
                Transfer.Kind.ADJUSTMENT,
                given,
                lies,
                paid - left,
                made.at,
                of.and_(Part.ROUNDING),
                _("rounding"),
                meter,
            )
    if paid == whole:
        close_rounding(row, name_of(by))
    return row


def nearest(amount: int, unit: int) -> int:
    """The amount in whole minor units that is nearest to one in nano."""
    return (amount + unit // 2) // unit * unit


def close_rounding(row: Refund, by: str) -> None:
    """What is left of a locked row and finer than the currency is owed no more."""
    left = row.left
    if 0 < left < minor_unit(row.tenancy.unit.property.currency):
        organisation = row.tenancy.unit.property.organisation
        made = fall(row, left, PayOut.Way.ROUNDING, by)
        owed_by, given = account(organisation, Kind.REFUNDS), account(organisation, Kind.ADJUSTMENTS)
        of = Reference(Of.PAID_OUT, made.pk)
        book(Transfer.Kind.ADJUSTMENT, owed_by, given, left, made.at, of, _("rounding"), meter_of(row.tenancy))


def fall(row: Refund, amount: int, way: PayOut.Way, by: str, day: date | None = None, number: str = "") -> PayOut:
    """What is owed of a locked row falls by `amount`; whoever calls books it."""
    today = local_day(now(), zone(row.tenancy.unit.property.zone))
    made = PayOut.objects.create(
        refund=row, amount=amount, way=way, day=day or today, number=number[:100], at=now(), by=by[:150]
    )
    if row.left == 0:
        row.paid_at, row.paid_by = made.at, made.by
        row.save(update_fields=["paid_at", "paid_by"])
    return made


@transaction.atomic
def withdraw(refund: Refund, to: Account, memo: str, by: str, most: int | None = None) -> int:
    """What was not paid out of it yet (at most `most` nano) is not owed after all: it goes to an account. How much it was.
    GivingBackError while a provider may yet send some of it.
    """
    row = locked(refund)
    if row.parts.filter(sent_at__isnull=True, error="").exists():
        raise GivingBackError(_("The provider is still sending this refund. Wait for its result first."))
    part = row.left if most is None else min(row.left, most)
    if part <= 0:
        return 0
    made = fall(row, part, PayOut.Way.WITHDRAWN, by)
    owed_by = account(to.organisation, Kind.REFUNDS)
    kind = Transfer.Kind.DEPOSIT if to.kind == Kind.DEPOSITS else Transfer.Kind.SETTLEMENT
    of = Reference(Of.PAID_OUT, made.pk)
    deposit_of = row.tenancy if to.kind == Kind.DEPOSITS else None
    book(kind, owed_by, to, part, made.at, of, memo, meter_of(row.tenancy), deposit_of)
    return part


@transaction.atomic
def send_to(refund: Refund, where: str) -> None:
    """Where it is to be sent: an IBAN, an address, a note. GivingBackError if it can't be kept."""
    row = locked(refund)
    if len(where) > 200 or not where.isprintable():
        raise GivingBackError(_("The payout address has at most 200 printable characters."), "send_to")
    row.send_to = where.strip()
    row.save(update_fields=["send_to"])
