"""Debts: what tenants owe in addition to what their meters hold. Each debt has a person and a date, and falls by parts.

The ledger's account of debts is at any moment the sum of what is left of all debts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ...kernel.currencies import minor_unit
from ...kernel.sentences import sentence, stored_of
from ..core import local_forms
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
    """A request about a debt cannot be done; the message, for people, says why. Nothing was changed."""


def _lock(tenancy: Tenancy) -> Organisation:
    """Lock the organisation: of two calls under one name, the second finds what the first made."""
    return lock_organisation(tenancy.unit.property.organisation_id)


@transaction.atomic
def owe(tenancy: Tenancy, amount: int, reference: Reference, memo: str, at: int) -> Debt:
    """Make a debt of `amount` nano from the instant `at`. The tenancy's account grows by the same amount, so that
    nothing is sent to the meter for it. `reference`: names its transfer; a repeated call with the same reference
    returns the same debt.
    """
    organisation = _lock(tenancy)
    known = Debt.objects.filter(**reference._asdict()).first()
    if known is not None:
        return known
    book(Transfer.Kind.DEBT, account(organisation, Kind.DEBTS), tenant_account(tenancy), amount, at, reference, memo)
    return Debt.objects.create(
        tenancy=tenancy,
        who=tenancy.tenant,
        amount=amount,
        memo=memo[:200],
        memo_parts=stored_of(memo),
        since=at,
        **reference._asdict(),
    )


def open_debts(organisation: Organisation) -> QuerySet[Debt]:
    """Return the debts that are owed to an organisation, the oldest first."""
    rows = Debt.objects.filter(tenancy__unit__property__organisation=organisation)
    return _still(rows).select_related("tenancy__unit__property__organisation")


def creditable(rows: QuerySet[Tenancy]) -> QuerySet[Tenancy]:
    """Return those of some tenancies that money can be credited to: of tenants who live there or come, and of those who have
    moved out and still owe.
    """
    owing = _still(Debt.objects.filter(tenancy__in=rows.values("pk"))).values("tenancy")
    return rows.filter(Q(ends__isnull=True) | Q(ends__gt=now()) | Q(pk__in=owing))


def debts_of(tenancy: Tenancy) -> QuerySet[Debt]:
    """Return the debts that a tenant still owes, the oldest first."""
    return _still(Debt.objects.filter(tenancy=tenancy)).select_related("tenancy__unit__property__organisation")


def _still(rows: QuerySet[Debt]) -> QuerySet[Debt]:
    holds = Q(parts__payment__undone_at__isnull=True, parts__undone_at__isnull=True)
    summed = rows.annotate(paid=Coalesce(Sum("parts__amount", filter=holds), 0)).filter(paid__lt=F("amount"))
    # A query that sums leaves the model's own order out.
    return summed.order_by("since", "id")


def pays_debts(tenancy: Tenancy) -> bool:
    """Return whether money for a tenancy can only pay its debts: the tenancy has ended and owes something."""
    return tenancy.ends is not None and tenancy.ends <= now() and debts_of(tenancy).exists()


def came_late(tenancy: Tenancy) -> bool:
    """Return whether money for a tenancy can buy no energy any more: it has ended and owes something, or it is settled.
    The money then pays the debts, and the rest is owed back.
    """
    return pays_debts(tenancy) or Tenancy.objects.filter(pk=tenancy.pk, settled_at__isnull=False).exists()


@transaction.atomic
def pay(
    tenancy: Tenancy, amount: int, payment_id: str, by: Any, source: Account, receipt: str = "", late: bool = False
) -> DebtPayment:
    """Book `amount` nano that a tenant paid and that lie in the account `source`. The oldest debts fall first. What is
    more than the debts is owed back; a rest that is finer than the currency is dropped. A repeated call with the same
    `payment_id` returns the same payment. `late`: it is also taken if nothing is owed.

    Raises DebtError, which names the field, if nothing is owed, or the amount or the id is not possible.
    """
    organisation = _lock(tenancy)
    known = _known_payment(organisation, tenancy, amount, payment_id)
    if known is not None:
        return known
    try:
        check_amount(amount, tenancy.unit.property.currency)
    except TopUpError as error:
        raise DebtError(str(error), error.field) from None
    debts = list(debts_of(tenancy))
    if not debts and not late:
        raise DebtError(_("%(who)s owes nothing.") % {"who": tenancy.tenant})
    payment = DebtPayment.objects.create(
        organisation=organisation,
        tenancy=tenancy,
        payment_id=payment_id,
        amount=amount,
        source=source,
        receipt=receipt,
        at=now(),
        by=by,
    )
    left = _pay_parts(payment, debts, name_of(by))
    adjustments, unit = account(organisation, Kind.ADJUSTMENTS), minor_unit(tenancy.unit.property.currency)
    if left:
        memo = sentence("paid more than was owed") if debts else sentence("paid after the move-out")
        _book_excess(payment, left, unit, memo)
    elif sum(debt.left for debt in debts) < unit:
        _round_off(payment, debts, adjustments, name_of(by))
    return payment


def _known_payment(organisation: Organisation, tenancy: Tenancy, amount: int, payment_id: str) -> DebtPayment | None:
    """Return the payment of this id; None if the id is new. Raises DebtError if it belongs to another payment, or its
    payment was undone.
    """
    known = DebtPayment.objects.filter(organisation=organisation, payment_id=payment_id).first()
    if known is not None:
        if (known.tenancy_id, known.amount) != (tenancy.pk, amount):
            raise DebtError(_("The id %(id)s belongs to another payment. Use a new id.") % {"id": payment_id})
        if known.undone_at is not None:
            raise DebtError(_("This payment was undone. Use another id for a new payment."))
    elif TopUp.objects.filter(organisation=organisation, credit_id=payment_id).exists():
        raise DebtError(_("The id %(id)s belongs to another payment. Use a new id.") % {"id": payment_id})
    return known


def _pay_parts(payment: DebtPayment, debts: Sequence[Debt], by: str) -> int:
    """Pay debts in their order with a payment. Returns what is left of it, nano."""
    left = payment.amount
    for debt in debts:
        part = min(left, debt.left)
        if part:
            lower(debt, part, DebtPart.Why.PAID, payment.source, Transfer.Kind.DEBT_PAID, by, payment=payment)
            left -= part
    return left


def _round_off(payment: DebtPayment, debts: Sequence[Debt], adjustments: Account, by: str) -> None:
    """Drop what is left of debts after a payment, since it is finer than the currency."""
    for debt in debts:
        if rest := debt.left:
            kind = Transfer.Kind.ADJUSTMENT
            lower(debt, rest, DebtPart.Why.ROUNDING, adjustments, kind, by, payment=payment)


def _book_excess(payment: DebtPayment, left: int, unit: int, memo: str) -> None:
    """Owe back what is left of a payment (nano); a rest that is finer than the currency (`unit`, nano) is dropped."""
    of, source = Reference(Of.DEBT_PAYMENT, payment.pk), payment.source
    if left < unit:
        adjustments = account(payment.organisation, Kind.ADJUSTMENTS)
        of, meter = of.and_(Part.ROUNDING), meter_of(payment.tenancy)
        book(Transfer.Kind.ADJUSTMENT, source, adjustments, left, now(), of, sentence("rounding"), meter)
        return
    payment.refund = owe_back(payment.tenancy, left, Refund.Why.OVERPAID, source, of, memo, Transfer.Kind.REFUND)
    payment.save(update_fields=["refund"])


@transaction.atomic
def undo(payment: DebtPayment, by: Any, reason: str) -> DebtPayment:
    """Undo a payment that never happened (a typing error, a wrong tenant): what it paid is owed again, by reversing
    transfers. Raises DebtError if it is undone already, its excess was paid out, the bank took it back, or a payment
    provider has the money.
    """
    _lock(payment.tenancy)
    row = (
        for_update(DebtPayment.objects)
        .select_related("source", "refund", "tenancy__unit__property__organisation")
        .get(pk=payment.pk)
    )
    if not reason.strip():
        raise DebtError(_("Say why."), "reason")
    _check_undoable(row)
    memo, at = f"{reason.strip()[:150]} ({name_of(by)})", now()
    if row.refund is not None:
        if row.refund.left != row.refund.amount:
            raise DebtError(
                _("The amount that was paid too much has been paid out already, so this payment can't be undone.")
            )
        pay_back(row.refund, row.source, memo, name_of(by))
    names = [Reference(Of.DEBT_PART, part.pk) for part in row.parts.all()]
    for name in (*names, Reference(Of.DEBT_PAYMENT, row.pk).and_(Part.ROUNDING)):
        if (transfer := booked(name)) is not None:
            meter = meter_of(row.tenancy)
            counter = name.and_(Part.UNDONE)
            book(
                Transfer.Kind.REVERSAL,
                transfer.credit_account,
                transfer.debit_account,
                transfer.amount,
                at,
                counter,
                memo,
                meter,
            )
    row.undone_at, row.receipt = at, ""
    row.save(update_fields=["undone_at", "receipt"])
    return row


def _check_undoable(payment: DebtPayment) -> None:
    """Raise DebtError if a payment cannot be undone, because it went back already or a provider has it."""
    if payment.undone_at is not None:
        raise DebtError(_("This payment is undone already."))
    line = getattr(payment, "bank_line", None)
    if line is not None and getattr(line, "taken_back_by", None) is not None:
        raise DebtError(_("The bank took this payment back already."))
    if payment.source.kind not in MONEY.values():
        raise DebtError(_("This was paid at a payment provider: it can't be undone."))


def in_words(payment: DebtPayment) -> str:
    """Return what a payment did to the debts, for people."""
    left = sum(each.left for each in debts_of(payment.tenancy))
    currency = payment.tenancy.unit.property.currency
    if not left and payment.refund is None:
        return _("All that was owed is paid.")
    if payment.refund is not None and payment.refund.amount == payment.amount:
        return _("Nothing was owed: %(rest)s is owed back.") % {"rest": local_forms.money(payment.amount, currency)}
    if payment.refund is not None:
        return _("All that was owed is paid; %(rest)s was more than that, and is owed back.") % {
            "rest": local_forms.money(payment.refund.amount, currency)
        }
    return _("It is booked. %(left)s is still owed.") % {"left": local_forms.money(left, currency)}


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
    """Reduce a debt by a part, which is one transfer out of the account `source`. The caller has locked the
    organisation's row. Returns the part.
    """
    part = DebtPart.objects.create(debt=debt, amount=amount, why=why, at=now(), by=by[:150], **more)
    debts, of = account(source.organisation, Kind.DEBTS), Reference(Of.DEBT_PART, part.pk)
    book(kind, source, debts, amount, part.at, of, memo or debt.memo_as_given, meter_of(debt.tenancy))
    return part


def raise_again(part: DebtPart, memo: str) -> int:
    """Undo a part that was taken out of the tenancy's account: it goes back there, and is owed again. The caller has
    locked the organisation's row. Returns the instant of the transfer.
    """
    at, own = now(), tenant_account(part.debt.tenancy)
    debts, of = account(own.organisation, Kind.DEBTS), Reference(Of.DEBT_PART, part.pk).and_(Part.UNDONE)
    book(Transfer.Kind.REVERSAL, debts, own, part.amount, at, of, memo)
    part.undone_at = at
    part.save(update_fields=["undone_at"])
    return at


@transaction.atomic
def withdraw(debt: Debt, by: Any) -> int:
    """Cancel what is left of a debt, because it is not owed after all: the tenancy's account falls by as much. Returns
    the amount, nano.
    """
    _lock(debt.tenancy)
    left = debt.left
    if left:
        own = tenant_account(debt.tenancy)
        lower(debt, left, DebtPart.Why.WITHDRAWN, own, Transfer.Kind.DEBT, name_of(by))
    return left


@transaction.atomic
def set_off(debt: Debt, refund: Refund, by: Any) -> int:
    """Pay a debt with a refund to the same person, as far as both go. Returns the amount, nano. Raises DebtError if the
    refund is another person's, a provider is sending it, or nothing is left.
    """
    organisation = _lock(debt.tenancy)
    if refund.tenancy_id != debt.tenancy_id:
        raise DebtError(_("This is owed to somebody else."))
    try:
        locked_refund = locked(refund)
    except GivingBackError as error:
        raise DebtError(str(error), error.field) from None
    if locked_refund.parts.filter(sent_at__isnull=True, error="").exists():
        raise DebtError(_("The provider is still sending this refund. Wait for its result first."))
    part = min(debt.left, locked_refund.left)
    if not part:
        raise DebtError(_("This debt is paid already: there is nothing to set off."))
    fall(locked_refund, part, PayOut.Way.SET_OFF, name_of(by))
    refunds = account(organisation, Kind.REFUNDS)
    lower(debt, part, DebtPart.Why.SET_OFF, refunds, Transfer.Kind.DEBT_PAID, name_of(by))
    return part


# -- writing off --------------------------------------------------------------------------------------------------------


@transaction.atomic
def write_off(debt: Debt, by: Any, reason: str, amount: int | None = None) -> WriteOff:
    """Propose to write off `amount` nano of a debt (None: all of it); a second person must agree. Raises DebtError if
    it is more than is owed, or a proposal waits already.
    """
    _lock(debt.tenancy)
    left = debt.left
    written = left if amount is None else amount
    if not reason.strip():
        raise DebtError(_("Say why."), "reason")
    if not 0 < written <= left:
        values = {"left": local_forms.money(left, debt.tenancy.unit.property.currency)}
        raise DebtError(_("Only %(left)s of this debt is still owed.") % values, "amount")
    if debt.write_offs.filter(state=WriteOff.State.WAITING).exists():
        raise DebtError(_("A proposal for this debt is already waiting for a second person."))
    return WriteOff.objects.create(debt=debt, amount=written, reason=reason.strip()[:200], at=now(), by=by)


@transaction.atomic
def decide_write_off(proposal: WriteOff, by: Any, agreed: bool) -> WriteOff:
    """Write off a debt to which a second person agrees, or decline. What was paid meanwhile is not written off. Raises
    DebtError if it is the same person, or it is decided already.
    """
    organisation = _lock(proposal.debt.tenancy)
    row = for_update(WriteOff.objects).select_related("debt__tenancy__unit__property").get(pk=proposal.pk)
    if row.state != WriteOff.State.WAITING:
        raise DebtError(_("This proposal is decided already."))
    if agreed and row.by_id == by.pk:
        raise DebtError(_("A second person has to agree. The person who proposed it can only withdraw it."))
    part = min(row.amount, row.debt.left)
    row.state = WriteOff.State.DONE if agreed and part else WriteOff.State.DECLINED
    row.decided_at, row.decided_by = now(), by
    row.save(update_fields=["state", "decided_at", "decided_by"])
    if row.state == WriteOff.State.DONE:
        losses = account(organisation, Kind.WRITTEN_OFF)
        lower(row.debt, part, DebtPart.Why.WRITTEN_OFF, losses, Transfer.Kind.WRITTEN_OFF, name_of(by), write_off=row)
    return row
