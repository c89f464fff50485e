"""A payment that was credited in the wrong flat moves to the right one in one step.

The right tenant is credited the whole amount at once, from the account where the money lies; the receipt, the
provider's payment and the bank line follow. In the wrong flat the rest of that credit is taken off, and its tenant owes
what was used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from ..billing.debts import owe
from ..billing.owed import owed_to, withdraw
from ..billing.spreading import give_share_back
from ..billing.write_offs import write_off
from ..core import local_forms
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
from ..vending.keypads import lock_keypads
from ..vending.models import Refund, TopUp
from ..vending.refusals import GivingBackError, TopUpError
from .models import BankLine, Payment, Receipt, RefundPart
from .receipts import give_receipt


@dataclass(frozen=True)
class Outlook:
    """The result of moving a payment, nano. `left`: the rest of the credit, which is taken off in the wrong flat;
    `remains`: the balance after that. `used`: what its tenant owes. `offline`: the instant (µs) of the last reading, if
    the building is offline, so that the rest is not known; else None.
    """

    top_up: TopUp
    left: int
    used: int
    remains: int
    offline: int | None


def look(payment: TopUp) -> Outlook:
    """Return what moving a payment would do, by the present readings. Raises GivingBackError if it cannot be moved."""
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=payment.tenancy_id)
    _check_whole(payment)
    left = _left(payment, tenancy)
    meter = Meter.objects.select_related("gateway").filter(unit=tenancy.unit_id).first()
    silent = meter is not None and not meter.gateway.is_online and tenancy.settled_at is None
    remains = balance(tenant_account(tenancy)) - left if tenancy.settled_at is None else 0
    return Outlook(
        payment, left, payment.amount - left, remains, meter.read_at or meter.at if silent and meter else None
    )


def _check_whole(payment: TopUp) -> None:
    """Raise GivingBackError if a payment is not whole any more, or was not credited."""
    if booked(Reference(Of.TOP_UP, payment.pk).and_(Part.UNDONE)):
        raise GivingBackError(_("This payment is undone already."))
    if RefundPart.objects.filter(payment__top_up=payment).exists():
        raise GivingBackError(_("Some of this payment was given back by the provider already."))
    if payment.taken_back.exists():
        raise GivingBackError(_("Some of this payment was taken back by the payer or the bank already."))
    if payment.command is not None and payment.command.state == payment.command.State.REJECTED:
        raise GivingBackError(_("The meter has refused this payment: see its alarm."))


def _left(payment: TopUp, tenancy: Tenancy) -> int:
    """Return how much of a payment's credit is left, nano. What was paid first is used first."""
    if tenancy.settled_at is not None:
        credit = owed_to(tenancy).filter(why=Refund.Why.CREDIT)
        return min(payment.amount, sum(each.left for each in credit))
    # Payments that are undone or have moved are not in the balance any more.
    later = TopUp.objects.filter(tenancy=tenancy, pk__gt=payment.pk)
    undone = Transfer.objects.filter(of=Of.TOP_UP, part=Part.UNDONE, number__in=later.values("pk"))
    since = int(later.exclude(pk__in=undone.values("number")).aggregate(sum=Sum("amount"))["sum"] or 0)
    # The share that paid a spread debt comes back when the payment moves.
    return max(0, min(payment.amount, balance(tenant_account(tenancy)) + payment.shared - since))


@transaction.atomic
def move_payment(
    payment: TopUp, to: Tenancy, by: Any, reason: str, *, gift: bool = False, as_known: bool = False
) -> TopUp:
    """Move a payment to the tenancy that it was for. Returns the new top-up there. What was used of it is a debt; with
    `gift` it is proposed to be written off. If the building of the wrong flat is offline, `as_known` must be set: then
    the last reported balance counts. Raises GivingBackError, which names the field, if it cannot be moved.
    """
    if not reason.strip():
        raise GivingBackError(_("Give the reason. It is shown to the tenant."), "reason")
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=payment.tenancy_id)
    lock_organisation(payment.organisation_id)
    units = (tenancy.unit_id, to.unit_id)
    lock_meters(Meter.objects.filter(unit__in=units))
    lock_keypads(units)
    outlook = look(payment)
    _check(tenancy, to)
    if outlook.offline is not None and not as_known:
        raise GivingBackError(
            _(
                "The building is offline: what is left of this payment in %(unit)s is not known until it is back. "
                "According to the last report it is %(left)s. Choose to use this amount, or wait."
            )
            % {"unit": tenancy.unit.name, "left": local_forms.money(outlook.left, tenancy.unit.property.currency)}
        )
    of = Reference(Of.TOP_UP, payment.pk)
    booking = booked(of.and_(Part.MOVED)) or booked(of)
    assert booking is not None
    source, at = booking.debit_account, now()
    memo = _("payment for %(unit)s: %(why)s (%(who)s)") % {
        "unit": to.unit.name,
        "why": reason.strip()[:100],
        "who": name_of(by),
    }
    own, undone = tenant_account(tenancy), of.and_(Part.UNDONE)
    if tenancy.settled_at is None:
        give_share_back(payment, memo)
    book(Transfer.Kind.REVERSAL, own, source, payment.amount, at, undone, memo)
    if tenancy.settled_at is None:
        adjust(tenancy, -outlook.left, undone, memo, at)
    else:
        _from_refunds(tenancy, outlook.left, memo, name_of(by))
    if outlook.used:
        debt = owe(
            tenancy,
            outlook.used,
            of.and_(Part.USED),
            _("used of a payment that was for %(unit)s") % {"unit": to.unit.name},
            at,
        )
        if gift:
            write_off(debt, by, reason)
    return _credit(payment, to, by, source)


def _check(tenancy: Tenancy, to: Tenancy) -> None:
    if to.pk == tenancy.pk:
        raise GivingBackError(_("The payment is at this flat already. Choose another flat."), "to")
    there, here = to.unit.property, tenancy.unit.property
    if there.organisation_id != here.organisation_id:
        raise GivingBackError(_("The payment can move only to a flat of the same landlord."), "to")
    if there.currency != here.currency:
        raise GivingBackError(
            _("That building takes payments in %(currency)s only.") % {"currency": there.currency}, "to"
        )


def _from_refunds(tenancy: Tenancy, left: int, memo: str, by: str) -> None:
    """Reduce the refunds of a settled tenancy by the rest of the credit, which is owed to its tenant no more."""
    own = tenant_account(tenancy)
    for each in owed_to(tenancy).filter(why=Refund.Why.CREDIT):
        if left:
            left -= withdraw(each, own, memo, by, left)


def _credit(wrong_top_up: TopUp, to: Tenancy, by: Any, source: Any) -> TopUp:
    """Credit the right tenant the whole amount. The slip of staff, the provider's payment and the bank line now name the
    new top-up. A receipt of ours stays with the payment that is undone, and the new top-up gets the next one.
    """
    receipt = wrong_top_up.receipt
    if receipt:
        TopUp.objects.filter(pk=wrong_top_up.pk).update(receipt="")
    try:
        moved = top_up(to, wrong_top_up.amount, f"{OWN}moved {wrong_top_up.pk}", by, wrong_top_up.note, source)
    except TopUpError as error:
        raise GivingBackError(str(error)) from None
    # Whoever took the cash has it still, whoever corrects the flat.
    moved.receipt, moved.moved_from, moved.by = receipt, wrong_top_up, wrong_top_up.by
    moved.save(update_fields=["receipt", "moved_from", "by"])
    if Receipt.objects.filter(top_up=wrong_top_up).exists():
        give_receipt(moved)
    BankLine.objects.filter(top_up=wrong_top_up).update(top_up=moved)
    for online_payment in Payment.objects.filter(top_up=wrong_top_up):
        online_payment.top_up, online_payment.tenancy = moved, to
        if Payment.objects.filter(tenancy=to, asked=online_payment.asked).exclude(pk=online_payment.pk).exists():
            # The name of a request is unique in a tenancy.
            online_payment.asked = online_payment.payment_id
        online_payment.save(update_fields=["top_up", "tenancy", "asked"])
    return moved
