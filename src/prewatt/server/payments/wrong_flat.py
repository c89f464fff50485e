"""A payment that was credited in the wrong flat moves to the right one in one step.

The right tenant is credited the whole at once, with the money where it lay; receipts, provider's payments and bank lines go
with it. In the wrong flat what is left of that credit is taken off; what was used of it is owed by who used it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from ...kernel.currencies import format_money
from ..billing.debts import owe, write_off
from ..billing.owed import owed_to, withdraw
from ..billing.spreading import give_share_back
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import balance, book, booked, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import OWN, Of, Part, Reference
from ..metering.locking import lock_meters, lock_organisation
from ..metering.models import Meter
from ..sales.top_ups import top_up
from ..vending.adjustments import adjust
from ..vending.models import Refund, TopUp
from ..vending.refusals import GivingBackError, TopUpError
from .models import BankLine, Payment, RefundPart


@dataclass(frozen=True)
class Outlook:
    """What moving a payment comes to, nano. `left` of the credit are taken off in the wrong flat, which leaves `remains`
    there; `used` are owed by its tenant. `offline`: since when (µs) what is left is not known.
    """

    top_up: TopUp
    left: int
    used: int
    remains: int
    offline: int | None


def look(made: TopUp) -> Outlook:
    """What moving it to another flat would come to, by what is known now. GivingBackError if it can't be moved."""
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=made.tenancy_id)
    of = Reference(Of.TOP_UP, made.pk)
    if booked(of.and_(Part.UNDONE)):
        raise GivingBackError(_("This payment is undone already."))
    if RefundPart.objects.filter(payment__top_up=made).exists():
        raise GivingBackError(_("Some of this payment was given back by the provider already."))
    if made.taken_back.exists():
        raise GivingBackError(_("Some of this payment was taken back by the payer or the bank already."))
    if made.command.state == made.command.State.REJECTED:
        raise GivingBackError(_("The meter has refused this payment: see its alarm."))
    left = _left(made, tenancy)
    meter = Meter.objects.select_related("gateway").filter(unit=tenancy.unit_id).first()
    silent = meter is not None and not meter.gateway.online and tenancy.settled_at is None
    remains = balance(tenant_account(tenancy)) - left if tenancy.settled_at is None else 0
    return Outlook(made, left, made.amount - left, remains, meter.read_at or meter.at if silent and meter else None)


def _left(made: TopUp, tenancy: Tenancy) -> int:
    """What is left of one payment's credit: what was paid first is used first."""
    if tenancy.settled_at is not None:
        credit = owed_to(tenancy).filter(why=Refund.Why.CREDIT)
        return min(made.amount, sum(each.left for each in credit))
    # What is undone, or has moved, is in the balance no more.
    later = TopUp.objects.filter(tenancy=tenancy, pk__gt=made.pk)
    gone = Transfer.objects.filter(of=Of.TOP_UP, part=Part.UNDONE, number__in=later.values("pk"))
    since = int(later.exclude(pk__in=gone.values("number")).aggregate(sum=Sum("amount"))["sum"] or 0)
    # The share of it that paid what is spread comes back when it moves.
    return max(0, min(made.amount, balance(tenant_account(tenancy)) + made.shared - since))


@transaction.atomic
def move_payment(
    made: TopUp, to: Tenancy, by: Any, reason: str, *, gift: bool = False, as_known: bool = False
) -> TopUp:
    """Move a payment to the tenancy that it was for; the top-up there. What was used of it is a debt, or (`gift`) one that is
    proposed to be written off. While the building of the wrong flat is offline it is done only `as_known`: by what was
    reported last. GivingBackError if it can't be.
    """
    if not reason.strip():
        raise GivingBackError(_("Say why: it is shown to the tenant."), "reason")
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=made.tenancy_id)
    lock_organisation(made.organisation_id)
    lock_meters(Meter.objects.filter(unit__in=(tenancy.unit_id, to.unit_id)))
    found = look(made)
    _check(tenancy, to)
    if found.offline is not None and not as_known:
        raise GivingBackError(
            _(
                "The building is offline: what is left of this payment in %(unit)s is not known until it is back. By what was "
                "reported last it is %(left)s: say that this is to be taken, or wait."
            )
            % {"unit": tenancy.unit.name, "left": format_money(found.left, tenancy.unit.property.currency)}
        )
    of = Reference(Of.TOP_UP, made.pk)
    first = booked(of.and_(Part.MOVED)) or booked(of)
    assert first is not None
    source, at = first.debit_account, now()
    memo = _("payment for %(unit)s: %(why)s (%(who)s)") % {
        "unit": to.unit.name, "why": reason.strip()[:100], "who": name_of(by),
    }  # fmt: skip
    own, undone = tenant_account(tenancy), of.and_(Part.UNDONE)
    if tenancy.settled_at is None:
        give_share_back(made, memo)
    book(Transfer.Kind.REVERSAL, own, source, made.amount, at, undone, memo)
    if tenancy.settled_at is None:
        adjust(tenancy, -found.left, undone, memo, at)
    else:
        _from_refunds(tenancy, found.left, memo, name_of(by))
    if found.used:
        debt = owe(tenancy, found.used, of.and_(Part.USED), _("used of a payment that was for %(unit)s") % {
            "unit": to.unit.name,
        }, at)  # fmt: skip
        if gift:
            write_off(debt, by, reason)
    return _credit(made, to, by, source)


def _check(tenancy: Tenancy, to: Tenancy) -> None:
    if to.pk == tenancy.pk:
        raise GivingBackError(_("It is in this flat already."), "to")
    there, here = to.unit.property, tenancy.unit.property
    if there.organisation_id != here.organisation_id:
        raise GivingBackError(_("It can only move to a flat of the same landlord."), "to")
    if there.currency != here.currency:
        raise GivingBackError(_("Payments there are in %(currency)s.") % {"currency": there.currency}, "to")


def _from_refunds(tenancy: Tenancy, left: int, memo: str, by: str) -> None:
    """The tenancy is settled: what was left of the credit is owed to its tenant, and is not after all."""
    own = tenant_account(tenancy)
    for each in owed_to(tenancy).filter(why=Refund.Why.CREDIT):
        if left:
            left -= withdraw(each, own, memo, by, left)


def _credit(made: TopUp, to: Tenancy, by: Any, source: Any) -> TopUp:
    """The right tenant is credited the whole; what names the payment names the new top-up."""
    receipt = made.receipt
    if receipt:
        TopUp.objects.filter(pk=made.pk).update(receipt="")
    try:
        moved = top_up(to, made.amount, f"{OWN}moved {made.pk}", by, made.note, source)
    except TopUpError as error:
        raise GivingBackError(str(error)) from None
    moved.receipt, moved.moved_from = receipt, made
    moved.save(update_fields=["receipt", "moved_from"])
    BankLine.objects.filter(top_up=made).update(top_up=moved)
    for payment in Payment.objects.filter(top_up=made):
        payment.top_up, payment.tenancy = moved, to
        if Payment.objects.filter(tenancy=to, asked=payment.asked).exclude(pk=payment.pk).exists():
            # Who asks names a payment once in a tenancy.
            payment.asked = payment.payment_id
        payment.save(update_fields=["top_up", "tenancy", "asked"])
    return moved
