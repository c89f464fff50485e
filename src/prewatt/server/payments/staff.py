"""Money that staff received: cash with a receipt, or a transfer that they saw on the bank account."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..billing.debt_payments import pay
from ..billing.debt_undoing import undo
from ..billing.debts import DebtError
from ..billing.models import DebtPayment
from ..billing.open_debts import pays_debts
from ..core.errors import label
from ..core.facts import Fact, text_fact
from ..estate.models import Tenancy
from ..ledger.books import MONEY, account, booked
from ..ledger.models import Account
from ..ledger.references import Of, Part, Reference
from ..metering.locking import lock_organisation
from ..sales.top_ups import check_is_same, top_up
from ..vending.models import TopUp
from ..vending.paid_amounts import check_typed
from ..vending.refusals import TopUpError
from .models import BankLine, Payment
from .receipts import give_receipt

_HYPHENS = str.maketrans("‐‑‒–—−", "------")


@transaction.atomic
def record(
    tenancy: Tenancy, amount: int, credit_id: str, by: Any, receipt: str = "", way: str = "cash"
) -> TopUp | DebtPayment:
    """Credit `amount` nano that was received in cash or by transfer. If the tenant has moved out and owes money, the
    amount pays the debts. The payment gets a receipt of ours; `receipt` is the number on a slip of staff's own, unique
    in an organisation. `way`: a key of `MONEY`. Raises TopUpError, which names the field.
    """
    if pays_debts(tenancy) or DebtPayment.objects.filter(tenancy=tenancy, payment_id=credit_id).exists():
        return record_debt(tenancy, amount, credit_id, by, receipt, way)
    number = _checked(tenancy, credit_id, receipt, way)
    organisation = tenancy.unit.property.organisation
    source = account(organisation, MONEY[way])
    known = TopUp.objects.filter(organisation=organisation, credit_id=credit_id).first()
    if known is not None:
        _check_known(known, tenancy, amount, source, number)
    payment = top_up(tenancy, amount, credit_id, by, number, source=source)
    if number and not payment.receipt:
        payment.receipt = number
        payment.save(update_fields=["receipt"])
    give_receipt(payment)
    return payment


def _check_known(known: TopUp, tenancy: Tenancy, amount: int, source: Account, receipt: str) -> None:
    """Raise TopUpError if a known top-up is not the one that is recorded, or was undone. Whoever books what was found at a
    meter does not know how it was paid: that the first payment that comes with the id says.
    """
    of = Reference(Of.TOP_UP, known.pk)
    facts = [text_fact(label("receipt"), known.receipt, receipt)]
    booking = booked(of.and_(Part.MOVED)) or booked(of)
    if booking is not None and not (known.command is not None and known.command.is_from_journal):
        lies = booking.debit_account
        facts.append(Fact(label("way"), lies.get_kind_display(), source.get_kind_display()))
    check_is_same(known, tenancy, amount, facts)
    if booked(of.and_(Part.UNDONE)):
        raise TopUpError(_("This payment was undone. Use another id for a new payment."), "credit_id", is_conflict=True)


@transaction.atomic
def record_debt(
    tenancy: Tenancy, amount: int, payment_id: str, by: Any, receipt: str = "", way: str = "cash"
) -> DebtPayment:
    """Book `amount` nano that was received in cash or by transfer from a tenant who owes it. Raises TopUpError, which
    names the field.
    """
    number = _checked(tenancy, payment_id, receipt, way)
    source = account(tenancy.unit.property.organisation, MONEY[way])
    try:
        payment = pay(tenancy, amount, payment_id, by, source, number)
    except DebtError as error:
        raise TopUpError(str(error), error.field, is_conflict=error.is_conflict) from None
    give_receipt(payment)
    return payment


@transaction.atomic
def undo_debt_payment(payment: DebtPayment, by: Any, reason: str) -> DebtPayment:
    """Undo the payment of a debt that never happened: the money is owed again, and its bank line can be booked again.
    Raises DebtError if it cannot be undone.
    """
    undone = undo(payment, by, reason)
    BankLine.objects.filter(debt_payment=payment).update(state=BankLine.State.OPEN, debt_payment=None, by=None)
    return undone


def _checked(tenancy: Tenancy, credit_id: str, receipt: str, way: str) -> str:
    """Return the receipt's number in one form. Raises TopUpError, which names the field, if the way, the id or the
    number is wrong or used already.
    """
    if way not in MONEY:
        raise TopUpError(_("Choose how the money was received: cash or transfer."), "way")
    number = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", receipt).translate(_HYPHENS)).strip()
    if len(number) > 100 or not number.isprintable():
        raise TopUpError(_("A receipt number has at most 100 printable characters."), "receipt")
    check_typed(credit_id)
    organisation = tenancy.unit.property.organisation
    # Of two payments with one receipt number, the second finds the first.
    lock_organisation(organisation.pk)
    # r-7 is R-7: two people wrote it off one slip.
    same_top_up = (
        TopUp.objects.filter(organisation=organisation, receipt__iexact=number).exclude(credit_id=credit_id).first()
    )
    same_payment = (
        DebtPayment.objects.filter(organisation=organisation, receipt__iexact=number)
        .exclude(payment_id=credit_id)
        .first()
    )
    known = same_top_up or same_payment
    if number and known is not None:
        raise TopUpError(
            _("Receipt %(number)s was recorded already, for %(who)s.") % {"number": number, "who": known.tenancy},
            "receipt",
        )
    if Payment.objects.filter(merchant__organisation=organisation, payment_id=credit_id).exists():
        text = _("The id %(id)s belongs to a payment at a provider. Use another id.") % {"id": credit_id}
        raise TopUpError(text, "credit_id", is_conflict=True)
    return number
