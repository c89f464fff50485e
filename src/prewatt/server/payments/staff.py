"""Money that staff received: cash with a receipt, or a transfer they saw on the bank account."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..billing.debts import DebtError, pay, pays_debts, undo
from ..billing.models import DebtPayment
from ..estate.models import Tenancy
from ..ledger.books import MONEY, account
from ..metering.locking import lock_organisation
from ..sales.top_ups import top_up
from ..vending.models import TopUp
from ..vending.paid_amounts import check_typed
from ..vending.refusals import TopUpError
from .models import BankLine, Payment

_HYPHENS = str.maketrans("‐‑‒–—−", "------")


@transaction.atomic
def record(
    tenancy: Tenancy, amount: int, credit_id: str, by: Any, receipt: str = "", way: str = "cash"
) -> TopUp | DebtPayment:
    """Credit `amount` nano that was received in cash or by transfer; of who has moved out, and owes, it pays what is owed.
    Of one receipt number there is one payment in an organisation. TopUpError if it can't be.
    """
    if pays_debts(tenancy) or DebtPayment.objects.filter(tenancy=tenancy, payment_id=credit_id).exists():
        return record_debt(tenancy, amount, credit_id, by, receipt, way)
    number = _checked(tenancy, credit_id, receipt, way)
    organisation = tenancy.unit.property.organisation
    made = top_up(tenancy, amount, credit_id, by, number, source=account(organisation, MONEY[way]))
    if number and not made.receipt:
        made.receipt = number
        made.save(update_fields=["receipt"])
    return made


@transaction.atomic
def record_debt(
    tenancy: Tenancy, amount: int, payment_id: str, by: Any, receipt: str = "", way: str = "cash"
) -> DebtPayment:
    """Book `amount` nano that was received in cash or by transfer from a tenant who owes it. TopUpError if it can't be."""
    number = _checked(tenancy, payment_id, receipt, way)
    source = account(tenancy.unit.property.organisation, MONEY[way])
    try:
        return pay(tenancy, amount, payment_id, by, source, number)
    except DebtError as error:
        raise TopUpError(str(error), error.field) from None


@transaction.atomic
def undo_debt_payment(made: DebtPayment, by: Any, reason: str) -> DebtPayment:
    """A payment of a debt never was: it is owed again, and the line of a statement that it came of can be booked again.
    DebtError if it can't be undone.
    """
    done = undo(made, by, reason)
    BankLine.objects.filter(debt_payment=made).update(state=BankLine.State.OPEN, debt_payment=None, by=None)
    return done


def _checked(tenancy: Tenancy, credit_id: str, receipt: str, way: str) -> str:
    """The receipt's number, where all of it can be."""
    if way not in MONEY:
        raise TopUpError(_("Money is received in cash or by transfer."), "way")
    number = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", receipt).translate(_HYPHENS)).strip()
    if len(number) > 100 or not number.isprintable():
        raise TopUpError(_("A receipt number has at most 100 printable characters."), "receipt")
    check_typed(credit_id)
    organisation = tenancy.unit.property.organisation
    # Of two with one receipt number, the second finds the first.
    lock_organisation(organisation.pk)
    # r-7 is R-7: two people wrote it off one slip.
    topped = (
        TopUp.objects.filter(organisation=organisation, receipt__iexact=number).exclude(credit_id=credit_id).first()
    )
    paid = (
        DebtPayment.objects.filter(organisation=organisation, receipt__iexact=number)
        .exclude(payment_id=credit_id)
        .first()
    )
    known = topped or paid
    if number and known is not None:
        raise TopUpError(
            _("Receipt %(number)s was recorded already, for %(who)s.") % {"number": number, "who": known.tenancy},
            "receipt",
        )
    if Payment.objects.filter(merchant__organisation=organisation, payment_id=credit_id).exists():
        raise TopUpError(_("The id %(id)s is that of a payment at a provider.") % {"id": credit_id})
    return number
