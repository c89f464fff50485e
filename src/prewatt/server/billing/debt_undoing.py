"""A payment of debts that never happened is undone."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.people import name_of
from ..core.time import now
from ..ledger.books import MONEY, book, booked
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import for_update
from .debts import DebtError, lock_organisation_of
from .models import DebtPayment
from .owed import meter_of
from .owed import withdraw as pay_back


@transaction.atomic
def undo(payment: DebtPayment, by: Any, reason: str) -> DebtPayment:
    """Undo a payment that never happened (a typing error, a wrong tenant): what it paid is owed again, by reversing
    transfers. Raises DebtError if it is undone already, its excess was paid out, the bank took it back, or a payment
    provider has the money.
    """
    lock_organisation_of(payment.tenancy)
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
        raise DebtError(_("This payment was made at a payment provider, so it can't be undone here."))
