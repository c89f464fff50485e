"""What tenants owe beside what their meters hold: each debt has who and since when, and falls by parts.

The books' account of debts is at each moment the sum of what is left of all debts.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ...kernel.currencies import format_money, minor_unit
from ..core.errors import Refused
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..ledger.books import MONEY, Kind, account, book, booked, tenant_account
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import for_update, lock_organisation
from ..vending.models import PayOut, Refund, TopUp
from ..vending.paid_amounts import check_amount
from ..vending.refusals import GivingBackError, TopUpError
from .models import Debt, DebtPart, DebtPayment, WriteOff
from .owed import fall, locked, meter_of, owe_back
from .owed import withdraw as pay_back


class DebtError(Refused):
    """It can't be done; the message, for people, says why. Nothing was changed."""


def _lock(tenancy: Tenancy) -> Organisation:
    """Of two under one name, the second finds what the first made."""
    return lock_organisation(tenancy.unit.property.organisation_id)


@transaction.atomic
def owe(tenancy: Tenancy, amount: int, reference: Reference, memo: str, at: int) -> Debt:
    """From an instant on the tenant owes `amount` nano beside the meter: the tenancy's account grows by as much, so that
    nothing goes to the meter for it. `reference` names the transfer; asked twice under one, it is one debt.
    """
    organisation = _lock(tenancy)
    known = Debt.objects.filter(**reference._asdict()).first()
    if known is not None:
        return known
    book(
        Transfer.Kind.DEBT, account(organisation, Kind.DEBTS), tenant_account(tenancy), amount, at, reference, memo
    )  # fmt: skip
    return Debt.objects.create(
        tenancy=tenancy, who=tenancy.tenant, amount=amount, memo=memo[:200], since=at, **reference._asdict()
    )


def open_debts(organisation: Organisation) -> QuerySet[Debt]:
    """What is owed to an organisation still, the oldest first."""
    rows = Debt.objects.filter(tenancy__unit__property__organisation=organisation)
    return _still(rows).select_related("tenancy__unit__property__organisation")


def debts_of(tenancy: Tenancy) -> QuerySet[Debt]:
    """What a tenant owes still, the oldest first."""
    return _still(Debt.objects.filter(tenancy=tenancy)).select_related("tenancy__unit__property__organisation")


def _still(rows: QuerySet[Debt]) -> QuerySet[Debt]:
    holds = Q(parts__payment__undone_at__isnull=True, parts__undone_at__isnull=True)
    summed = rows.annotate(paid=Coalesce(Sum("parts__amount", filter=holds), 0)).filter(paid__lt=F("amount"))
    # A query that sums leaves the model's own order out.
    return summed.order_by("since", "id")


def pays_debts(tenancy: Tenancy) -> bool:
    """Whether money that comes in for a tenancy can be for nothing but its debts: it has ended, and owes."""
    return tenancy.ends is not None and tenancy.ends <= now() and debts_of(tenancy).exists()


def came_late(tenancy: Tenancy) -> bool:
    """Whether money that came in for a tenancy can buy no energy any more: it has ended, and owes or is settled. Then it pays
    what is owed, and the rest, or all of it, is owed back.
    """
    return pays_debts(tenancy) or Tenancy.objects.filter(pk=tenancy.pk, settled_at__isnull=False).exists()


@transaction.atomic
def pay(
    tenancy: Tenancy, amount: int, payment_id: str, by: Any, source: Account, receipt: str = "", late: bool = False
) -> DebtPayment:
    """`amount` nano came in from a tenant who owes, and lie in the ledger's account `source`: the oldest debts fall first,
    and what is more than is owed is owed back; what is finer than the currency is let go. Of one id there is one payment: a
    second call is the same. DebtError if nothing is owed (unless it `came_late`), or the amount or the id can't be.
    """
    organisation = _lock(tenancy)
    known = DebtPayment.objects.filter(organisation=organisation, payment_id=payment_id).first()
    if known is not None:
        if (known.tenancy_id, known.amount) != (tenancy.pk, amount):
            raise DebtError(_("The id %(id)s belongs to another payment.") % {"id": payment_id})
        if known.undone_at is not None:
            raise DebtError(_("This payment was undone. Use another id for a new payment."))
        return known
    if TopUp.objects.filter(organisation=organisation, credit_id=payment_id).exists():
        raise DebtError(_("The id %(id)s belongs to another payment.") % {"id": payment_id})
    try:
        check_amount(amount, tenancy.unit.property.currency)
    except TopUpError as error:
        raise DebtError(str(error), error.field) from None
    debts = list(debts_of(tenancy))
    if not debts and not late:
        raise DebtError(_("%(who)s owes nothing.") % {"who": tenancy.tenant})
    made = DebtPayment.objects.create(
        organisation=organisation, tenancy=tenancy, payment_id=payment_id, amount=amount, source=source, receipt=receipt,
        at=now(), by=by,
    )  # fmt: skip
    left = amount
    for debt in debts:
        part = min(left, debt.left)
        if part:
            lower(debt, part, DebtPart.Why.PAID, source, Transfer.Kind.DEBT_PAID, name_of(by), payment=made)
            left -= part
    given, unit = account(organisation, Kind.ADJUSTMENTS), minor_unit(tenancy.unit.property.currency)
    of = Reference(Of.DEBT_PAYMENT, made.pk)
    if 0 < left < unit:
        meter = meter_of(tenancy)
        book(Transfer.Kind.ADJUSTMENT, source, given, left, now(), of.and_(Part.ROUNDING), _("rounding"), meter)
    elif left:
        memo = _("paid more than was owed") if debts else _("paid after the move-out")
        made.refund = owe_back(tenancy, left, Refund.Why.OVERPAID, source, of, memo, Transfer.Kind.REFUND)
        made.save(update_fields=["refund"])
    if not left and sum(debt.left for debt in debts) < unit:
        for debt in debts:
            if finer := debt.left:
                lower(debt, finer, DebtPart.Why.ROUNDING, given, Transfer.Kind.ADJUSTMENT, name_of(by), payment=made)
    return made


@transaction.atomic
def undo(made: DebtPayment, by: Any, reason: str) -> DebtPayment:
    """A payment never was (a typing error, a wrong tenant): what it paid is owed again, by counter-entries. DebtError if it
    is undone already, what was paid too much has been paid out, or a payment provider has the money.
    """
    _lock(made.tenancy)
    row = (
        for_update(DebtPayment.objects)
        .select_related("source", "refund", "tenancy__unit__property__organisation")
        .get(pk=made.pk)
    )
    if not reason.strip():
        raise DebtError(_("Say why."), "reason")
    if row.undone_at is not None:
        raise DebtError(_("This payment is undone already."))
    line = getattr(row, "bank_line", None)
    if line is not None and getattr(line, "taken_back_by", None) is not None:
        raise DebtError(_("The bank took this payment back already."))
    if row.source.kind not in MONEY.values():
        raise DebtError(_("This was paid at a payment provider: it can't be undone."))
    memo, at = f"{reason.strip()[:150]} ({name_of(by)})", now()
    if row.refund is not None:
        if row.refund.left != row.refund.amount:
            raise DebtError(_("The amount paid too much has been paid out already."))
        pay_back(row.refund, row.source, memo, name_of(by))
    names = [Reference(Of.DEBT_PART, part.pk) for part in row.parts.all()]
    for name in (*names, Reference(Of.DEBT_PAYMENT, row.pk).and_(Part.ROUNDING)):
        if (first := booked(name)) is not None:
            where = meter_of(row.tenancy)
            counter = name.and_(Part.UNDONE)
            book(
                Transfer.Kind.REVERSAL,
                first.credit_account,
                first.debit_account,
                first.amount,
                at,
                counter,
                memo,
                where,
            )
    row.undone_at, row.receipt = at, ""
    row.save(update_fields=["undone_at", "receipt"])
    return row


def in_words(made: DebtPayment) -> str:
    """What a payment did to what was owed."""
    left = sum(each.left for each in debts_of(made.tenancy))
    currency = made.tenancy.unit.property.currency
    if not left and made.refund is None:
        return _("All that was owed is paid.")
    if made.refund is not None and made.refund.amount == made.amount:
        return _("Nothing was owed: %(rest)s is owed back.") % {"rest": format_money(made.amount, currency)}
    if made.refund is not None:
        return _("All that was owed is paid; %(rest)s was more than that, and is owed back.") % {
            "rest": format_money(made.refund.amount, currency)
        }
    return _("It is booked. %(left)s is still owed.") % {"left": format_money(left, currency)}


def lower(
    debt: Debt,
    amount: int,
    why: DebtPart.Why,
    source: Account,
    kind: Transfer.Kind,
    by: str,
    memo: str = "",
    **more: Any,
) -> DebtPart:
    """A debt falls by a part, which is one transfer out of `source`. To be called with the organisation's row locked."""
    made = DebtPart.objects.create(debt=debt, amount=amount, why=why, at=now(), by=by[:150], **more)
    debts, of = account(source.organisation, Kind.DEBTS), Reference(Of.DEBT_PART, made.pk)
    book(kind, source, debts, amount, made.at, of, memo or debt.memo, meter_of(debt.tenancy))
    return made


def raise_again(part: DebtPart, memo: str) -> int:
    """A part that was taken out of the tenancy's account goes back there, and is owed again, by a counter-entry; the instant
    of it. To be called with the organisation's row locked.
    """
    at, own = now(), tenant_account(part.debt.tenancy)
    debts, of = account(own.organisation, Kind.DEBTS), Reference(Of.DEBT_PART, part.pk).and_(Part.UNDONE)
    book(Transfer.Kind.REVERSAL, debts, own, part.amount, at, of, memo)
    part.undone_at = at
    part.save(update_fields=["undone_at"])
    return at


@transaction.atomic
def withdraw(debt: Debt, by: Any) -> int:
    """What is left of a debt is not owed after all: the tenancy's account falls by as much. How much it was, nano."""
    _lock(debt.tenancy)
    left = debt.left
    if left:
        own = tenant_account(debt.tenancy)
        lower(debt, left, DebtPart.Why.WITHDRAWN, own, Transfer.Kind.DEBT, name_of(by))
    return left


@transaction.atomic
def set_off(debt: Debt, refund: Refund, by: Any) -> int:
    """What is owed to a tenant pays what the tenant owes, as far as both go. How much it was, nano. DebtError if it is
    another person's, or there is nothing to set off.
    """
    organisation = _lock(debt.tenancy)
    if refund.tenancy_id != debt.tenancy_id:
        raise DebtError(_("This is owed to somebody else."))
    try:
        row = locked(refund)
    except GivingBackError as error:
        raise DebtError(str(error), error.field) from None
    if row.parts.filter(sent_at__isnull=True, error="").exists():
        raise DebtError(_("The provider is still sending this refund. Wait for its result first."))
    part = min(debt.left, row.left)
    if not part:
        raise DebtError(_("Nothing of this debt is owed any more."))
    fall(row, part, PayOut.Way.SET_OFF, name_of(by))
    owed_by = account(organisation, Kind.REFUNDS)
    lower(debt, part, DebtPart.Why.SET_OFF, owed_by, Transfer.Kind.DEBT_PAID, name_of(by))
    return part


# -- writing off --------------------------------------------------------------------------------------------------------


@transaction.atomic
def write_off(debt: Debt, by: Any, reason: str, amount: int | None = None) -> WriteOff:
    """Propose to ask for `amount` nano of a debt no more (None: for nothing of it); a second person agrees. DebtError if
    it is more than is owed, or one waits already.
    """
    _lock(debt.tenancy)
    left = debt.left
    wanted = left if amount is None else amount
    if not reason.strip():
        raise DebtError(_("Say why."), "reason")
    if not 0 < wanted <= left:
        said = {"left": format_money(left, debt.tenancy.unit.property.currency)}
        raise DebtError(_("%(left)s of it is owed still.") % said, "amount")
    if debt.write_offs.filter(state=WriteOff.State.WAITING).exists():
        raise DebtError(_("It is already waiting for a second person."))
    return WriteOff.objects.create(debt=debt, amount=wanted, reason=reason.strip()[:200], at=now(), by=by)


@transaction.atomic
def decide_write_off(made: WriteOff, by: Any, agreed: bool) -> WriteOff:
    """A second person agrees that it is asked for no more, or declines. What was paid meanwhile is not written off.
    DebtError if it is the same person, or decided.
    """
    organisation = _lock(made.debt.tenancy)
    row = for_update(WriteOff.objects).select_related("debt__tenancy__unit__property").get(pk=made.pk)
    if row.state != WriteOff.State.WAITING:
        raise DebtError(_("This is decided already."))
    if agreed and row.by_id == by.pk:
        raise DebtError(_("A second person has to agree. The person who proposed it can only withdraw it."))
    part = min(row.amount, row.debt.left)
    row.state = WriteOff.State.DONE if agreed and part else WriteOff.State.DECLINED
    row.decided_at, row.decided_by = now(), by
    row.save(update_fields=["state", "decided_at", "decided_by"])
    if row.state == WriteOff.State.DONE:
        lost = account(organisation, Kind.WRITTEN_OFF)
        lower(row.debt, part, DebtPart.Why.WRITTEN_OFF, lost, Transfer.Kind.WRITTEN_OFF, name_of(by), write_off=row)
    return row
