"""Refunds: what the landlord owes to people until it is paid out, in parts. This is credit that was given back, credit
and deposits after a move-out, and what somebody paid too much.

The ledger's account of refunds is at any moment the sum of what is left of all refunds and of the payments that are
held.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import minor_unit
from ...kernel.sentences import sentence, stored_of
from ...kernel.units import exact_money
from ..core import local_forms
from ..core.errors import label
from ..core.facts import Fact, check_same, text_fact
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..estate.typed_days import YEARS
from ..ledger.books import MONEY, Kind, account, book, tenant_account
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import for_update
from ..metering.models import Meter
from ..vending.models import PayOut, Refund
from ..vending.refusals import GivingBackError, check_id
from ..vending.second_person import is_too_much, limit_of, lock_books


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
    """Make a refund: `amount` nano of the account `source` are owed to a tenancy's person from the instant `at` (None:
    now). A transfer of the kind DEPOSIT moves this tenancy's deposit. The caller holds the transaction. Returns the
    refund.
    """
    refunds, since = account(tenancy.unit.property.organisation, Kind.REFUNDS), now() if at is None else at
    if source != refunds:
        deposit_of = tenancy if kind == Transfer.Kind.DEPOSIT else None
        book(kind, source, refunds, amount, since, reference, memo, meter_of(tenancy), deposit_of)
    return Refund.objects.create(
        tenancy=tenancy,
        who=tenancy.tenant,
        amount=amount,
        why=why,
        reason=memo[:200],
        reason_parts=stored_of(memo),
        at=since,
        by="",
    )


def owe_cleared(meter: Meter, tenancy: Tenancy | None, amount: int, at: int, seq: int) -> None:
    """Book that journal entry `seq` cleared a meter's credit (nano) at an instant: it is owed back to its holder.
    Without a tenant nobody owned the credit; the next settlement brings the meter to zero.
    """
    if tenancy is None:
        return
    memo = sentence("credit cleared at meter %(meter)s", meter=meter.name)
    of = Reference(Of.CLEARED, meter.pk).numbered(seq)
    owe_back(tenancy, amount, Refund.Why.CLEARED, tenant_account(tenancy), of, memo, at=at)


def meter_of(tenancy: Tenancy) -> Meter | None:
    """Return the meter of a tenancy's flat, for bookings that touch no tenant's account; None if it has none."""
    return Meter.objects.filter(unit=tenancy.unit_id).first()


def owed(organisation: Organisation) -> QuerySet[Refund]:
    """Return the refunds that an organisation still owes, the oldest first."""
    rows = Refund.objects.filter(tenancy__unit__property__organisation=organisation, paid_at__isnull=True)
    return rows.select_related("tenancy__unit__property__organisation").order_by("at", "pk")


def owed_to(tenancy: Tenancy) -> QuerySet[Refund]:
    """Return the refunds that are still owed to a tenancy's person, the oldest first."""
    return Refund.objects.filter(tenancy=tenancy, paid_at__isnull=True).order_by("at", "pk")


def locked(refund: Refund) -> Refund:
    """Return the refund, locked. Raises GivingBackError if it is paid out already."""
    row: Refund = for_update(Refund.objects).select_related("tenancy__unit__property__organisation").get(pk=refund.pk)
    if row.paid_at is not None:
        raise GivingBackError(_("This refund is paid out already."))
    return row


@transaction.atomic
def pay_out(
    refund: Refund,
    by: Any,
    amount: int | None = None,
    way: str = "cash",
    day: date | None = None,
    number: str = "",
    pay_out_id: str = "",
) -> Refund:
    """Book that the landlord paid out `amount` nano of a refund (None: all that is left), in cash or by transfer, on a
    local day (None: today). `number`: of the receipt or the transfer. The nearest amount in the currency pays all that
    is left. If the refund has a pay-out with the same `pay_out_id`, nothing changes; without an id the number counts
    as the id. Raises GivingBackError, which names the field, if it is more than is left, or more than one person may pay out
    alone of refunds that they decided themselves (`vending.second_person`).
    """
    lock_books(refund.tenancy.unit.property.organisation)
    if _known_pay_out(refund, amount, way, day, number, pay_out_id) is not None:
        return Refund.objects.select_related("tenancy__unit__property__organisation").get(pk=refund.pk)
    row = locked(refund)
    currency = row.tenancy.unit.property.currency
    left, unit = row.left, minor_unit(currency)
    whole = nearest(left, unit)
    paid = whole if amount is None else amount
    if not 0 <= paid <= max(left, whole) or (amount == 0 and whole):
        values = {"left": local_forms.money(left, currency)}
        raise GivingBackError(_("Only %(left)s of this refund is left to be paid out.") % values, "amount")
    if paid % unit:
        raise GivingBackError(
            _("%(amount)s has more decimals than the currency, so it can't be paid.") % {"amount": exact_money(paid)},
            "amount",
        )
    today = local_day(now(), zone(row.tenancy.unit.property.zone))
    _check_way(way, day, today, number)
    _check_alone(row, paid, name_of(by))
    lies, meter = account(row.tenancy.unit.property.organisation, MONEY[way]), meter_of(row.tenancy)
    refunds, adjustments = account(lies.organisation, Kind.REFUNDS), account(lies.organisation, Kind.ADJUSTMENTS)
    if paid:
        payout = fall(row, min(paid, left), PayOut.Way(way), name_of(by), day or today, number.strip(), pay_out_id)
        of = Reference(Of.PAID_OUT, payout.pk)
        book(Transfer.Kind.REFUND_PAID, refunds, lies, payout.amount, payout.at, of, row.reason_as_given, meter)
        if paid > left:
            book(
                Transfer.Kind.ADJUSTMENT,
                adjustments,
                lies,
                paid - left,
                payout.at,
                of.and_(Part.ROUNDING),
                sentence("rounding"),
                meter,
            )
    if paid == whole:
        close_rounding(row, name_of(by))
    return row


def _known_pay_out(
    refund: Refund, amount: int | None, way: str, day: date | None, number: str, pay_out_id: str
) -> PayOut | None:
    """Return the pay-out that is meant, if it is booked already; None if it is a new one. The caller has locked the
    books. Raises GivingBackError if its id or number is that of a pay-out of another amount or in another way, or
    cannot be one.
    """
    rows = PayOut.objects.filter(refund=refund, way__in=MONEY)
    if pay_out_id:
        check_id(pay_out_id)
        known = rows.filter(pay_out_id=pay_out_id).first()
    else:
        given = number.strip() if number.isprintable() else ""
        known = rows.filter(number=given).first() if given else None
    if known is None:
        return None
    # The last pay-out may be less than was paid by what is finer than the currency; "all that is left" was the last.
    last = Refund.objects.filter(pk=refund.pk, paid_at__isnull=False).exists()
    currency = refund.tenancy.unit.property.currency
    paid = local_forms.money(known.amount, currency)
    asked = _("all that is left") if amount is None else local_forms.money(amount, currency)
    same_amount = last if amount is None else nearest(known.amount, minor_unit(currency)) == amount
    facts = [
        Fact(label("amount"), paid, paid if same_amount else asked),
        Fact(label("way"), known.get_way_display(), str(dict(PayOut.Way.choices).get(way, way))),
    ]
    if pay_out_id:
        said, field = _("The id %(id)s belongs to another pay-out. Use a new id.") % {"id": pay_out_id}, "pay_out_id"
        facts.append(text_fact(_("Receipt or reference"), known.number, number.strip()))
        if day is not None:
            facts.append(Fact(label("day"), f"{known.day}", f"{day}"))
    else:
        said = _("%(number)s is the number of another pay-out of this refund.") % {"number": known.number}
        field = "number"
    check_same(GivingBackError, said, field, facts)
    return known


def _check_alone(row: Refund, amount: int, by: str) -> None:
    """Raise GivingBackError if the person who decided a refund would pay out too much of it alone: neither to whom nor that it
    was paid does anybody else see.
    """
    organisation, currency = row.tenancy.unit.property.organisation, row.tenancy.unit.property.currency
    if row.by != by or not is_too_much(organisation, row.tenancy, meter_of(row.tenancy), amount, currency, by):
        return
    said = _(
        "Together with what was given in the last 30 days this is more than %(limit)s, which is the most that one "
        "person may give alone. You decided this refund, so another person has to pay it out. Or send it back the way "
        "the money came."
    )
    raise GivingBackError(said % {"limit": local_forms.money(limit_of(organisation, currency), currency)}, "amount")


def _check_way(way: str, day: date | None, today: date, number: str) -> None:
    """Raise GivingBackError, which names the field, if money cannot be paid out in this way, on this day, or under this
    number.
    """
    if way not in MONEY:
        raise GivingBackError(_("Choose how the money is paid out: cash or transfer."), "way")
    if day is not None and day > today:
        raise GivingBackError(_("%(day)s is in the future: give the day on which it was paid.") % {"day": day}, "day")
    if day is not None and day.year not in YEARS:
        raise GivingBackError(_("%(day)s can't be the day on which it was paid: check the year.") % {"day": day}, "day")
    if len(number) > 100 or not number.isprintable():
        raise GivingBackError(_("A number or note must have at most 100 printable characters."), "number")


def nearest(amount: int, unit: int) -> int:
    """Return the amount (nano) in whole minor units that is nearest to an amount. `unit`: one minor unit, nano."""
    return (amount + unit // 2) // unit * unit


def close_rounding(row: Refund, by: str) -> None:
    """Close the rest of a locked refund that is finer than the currency."""
    left = row.left
    if 0 < left < minor_unit(row.tenancy.unit.property.currency):
        organisation = row.tenancy.unit.property.organisation
        payout = fall(row, left, PayOut.Way.ROUNDING, by)
        refunds, adjustments = account(organisation, Kind.REFUNDS), account(organisation, Kind.ADJUSTMENTS)
        of = Reference(Of.PAID_OUT, payout.pk)
        book(
            Transfer.Kind.ADJUSTMENT,
            refunds,
            adjustments,
            left,
            payout.at,
            of,
            sentence("rounding"),
            meter_of(row.tenancy),
        )


def fall(
    row: Refund,
    amount: int,
    way: PayOut.Way,
    by: str,
    day: date | None = None,
    number: str = "",
    pay_out_id: str = "",
) -> PayOut:
    """Reduce what is left of a locked refund by `amount`. The caller books the transfer."""
    today = local_day(now(), zone(row.tenancy.unit.property.zone))
    payout = PayOut.objects.create(
        refund=row,
        amount=amount,
        way=way,
        day=day or today,
        number=number[:100],
        pay_out_id=pay_out_id or None,
        at=now(),
        by=by[:150],
    )
    if row.left == 0:
        row.paid_at, row.paid_by = payout.at, payout.by
        row.save(update_fields=["paid_at", "paid_by"])
    return payout


@transaction.atomic
def withdraw(refund: Refund, to: Account, memo: str, by: str, most: int | None = None) -> int:
    """Cancel what is left of a refund (at most `most` nano), because it is not owed after all: it goes to the account
    `to`. Returns the amount, nano. Raises GivingBackError if it is paid out already, or a provider may still send some
    of it.
    """
    row = locked(refund)
    if row.parts.filter(sent_at__isnull=True, error="").exists():
        raise GivingBackError(_("The provider is still sending this refund. Wait for its result first."))
    part = row.left if most is None else min(row.left, most)
    if part <= 0:
        return 0
    payout = fall(row, part, PayOut.Way.WITHDRAWN, by)
    refunds = account(to.organisation, Kind.REFUNDS)
    kind = Transfer.Kind.DEPOSIT if to.kind == Kind.DEPOSITS else Transfer.Kind.SETTLEMENT
    of = Reference(Of.PAID_OUT, payout.pk)
    deposit_of = row.tenancy if to.kind == Kind.DEPOSITS else None
    book(kind, refunds, to, part, payout.at, of, memo, meter_of(row.tenancy), deposit_of)
    return part


@transaction.atomic
def send_to(refund: Refund, address: str) -> None:
    """Store the address for a refund: an IBAN, a postal address, a note. Raises GivingBackError if it is too long or
    not printable.
    """
    row = locked(refund)
    if len(address) > 200 or not address.isprintable():
        raise GivingBackError(_("The payout address has at most 200 printable characters."), "send_to")
    row.send_to = address.strip()
    row.save(update_fields=["send_to"])
