"""Payments of debts: the oldest debts fall first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.currencies import minor_unit
from ...kernel.sentences import sentence
from ..core import local_forms
from ..core.errors import label
from ..core.facts import Fact, amount_fact, check_same, text_fact
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..ledger.books import Kind, account, book
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference
from ..vending.models import Refund, TopUp
from ..vending.paid_amounts import check_amount
from ..vending.refusals import TopUpError
from .debt_parts import lower
from .debts import DebtError, lock_organisation_of
from .models import Debt, DebtPart, DebtPayment
from .open_debts import debts_of
from .owed import meter_of, owe_back


@transaction.atomic
def pay(
    tenancy: Tenancy, amount: int, payment_id: str, by: Any, source: Account, receipt: str = "", late: bool = False
) -> DebtPayment:
    """Book `amount` nano that a tenant paid and that lie in the account `source`. The oldest debts fall first. What is
    more than the debts is owed back; a rest that is finer than the currency is dropped. A repeated call with the same
    `payment_id` returns the same payment. `late`: it is also taken if nothing is owed.

    Raises DebtError, which names the field, if nothing is owed, or the amount or the id is not possible.
    """
    organisation = lock_organisation_of(tenancy)
    known = _known_payment(organisation, payment_id)
    if known is not None:
        _check_same(known, tenancy, amount, source, receipt)
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


def _known_payment(organisation: Organisation, payment_id: str) -> DebtPayment | None:
    """Return the payment of debts that has this id; None if the id is new. Raises DebtError if it belongs to a top-up."""
    known = DebtPayment.objects.filter(organisation=organisation, payment_id=payment_id).first()
    if known is None and TopUp.objects.filter(organisation=organisation, credit_id=payment_id).exists():
        raise DebtError(_of_another(payment_id), "payment_id", is_conflict=True)
    return known


def _check_same(known: DebtPayment, tenancy: Tenancy, amount: int, source: Account, receipt: str) -> None:
    """Raise DebtError if a known payment is not the one that is asked for, or was undone."""
    text = _of_another(known.payment_id)
    if known.tenancy_id != tenancy.pk:
        raise DebtError(text, "payment_id", is_conflict=True)
    facts = (
        amount_fact(known.amount, amount, tenancy.unit.property.currency),
        Fact(label("way"), known.source.get_kind_display(), source.get_kind_display()),
        text_fact(label("receipt"), known.receipt, receipt),
    )
    check_same(DebtError, text, "payment_id", facts)
    if known.undone_at is not None:
        raise DebtError(_("This payment was undone. Use another id for a new payment."), "payment_id", is_conflict=True)


def _of_another(payment_id: str) -> str:
    return _("The id %(id)s belongs to another payment. Use a new id.") % {"id": payment_id}


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
    return _("The payment is booked. %(left)s is still owed.") % {"left": local_forms.money(left, currency)}
