"""Receipts for money that staff received: a number without a gap, and what the paper says."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from ..billing.models import DebtPayment
from ..core import local_forms
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import booked
from ..ledger.models import Account
from ..ledger.references import Of, Part, Reference
from ..metering.locking import lock_organisation
from ..vending.models import TopUp
from .models import Receipt


@transaction.atomic
def give_receipt(payment: TopUp | DebtPayment) -> Receipt:
    """Return the receipt of a payment that staff received; the first time it gets the organisation's next number."""
    lock_organisation(payment.organisation_id)
    which = {"top_up": payment} if isinstance(payment, TopUp) else {"debt_payment": payment}
    known = Receipt.objects.filter(**which).first()
    if known is not None:
        return known
    rows = Receipt.objects.filter(organisation=payment.organisation_id)
    number = (rows.aggregate(last=Max("number"))["last"] or 0) + 1
    return Receipt.objects.create(organisation_id=payment.organisation_id, number=number, made_at=now(), **which)


@dataclass(frozen=True)
class ReceiptPaper:
    """What a receipt says. `amount` in nano; `way`: how it was received; `code`: of the credit, empty if it has none;
    `by`: who received it; `is_undone`: the payment was undone, or taken back.
    """

    receipt: Receipt
    tenancy: Tenancy
    amount: int
    paid_at: int
    way: str
    code: str
    by: str
    is_undone: bool

    @property
    def currency(self) -> str:
        """Return the currency of the amount."""
        return str(self.tenancy.unit.property.currency)

    def in_words(self) -> str:
        """Return the receipt as plain text, for a message."""
        unit = self.tenancy.unit
        organisation = self.receipt.organisation
        lines = [
            _("Receipt %(number)s") % {"number": self.receipt},
            *organisation.letterhead,
            f"{self.tenancy.tenant}, {unit.property.name} {unit.name}",
            _("Received: %(amount)s") % {"amount": local_forms.money_with_code(self.amount, self.currency)},
            *((_("Code: %(code)s") % {"code": self.code},) if self.code else ()),
            *((_("This payment was undone."),) if self.is_undone else ()),
        ]
        return "\n".join(lines)


def paper_of(receipt: Receipt) -> ReceiptPaper:
    """Return what a receipt says now."""
    payment = receipt.top_up or receipt.debt_payment
    assert payment is not None
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=payment.tenancy_id)
    user = payment.by
    by = (user.get_full_name() or user.get_username()) if user is not None else ""
    if isinstance(payment, TopUp):
        of = Reference(Of.TOP_UP, payment.pk)
        booking = booked(of)
        source = booking.debit_account if booking is not None else None
        is_undone = booked(of.and_(Part.UNDONE)) is not None or payment.taken_back.exists()
        code = "" if payment.code is None else str(payment.code)
        return ReceiptPaper(receipt, tenancy, payment.amount, payment.paid_at, _way(source), code, by, is_undone)
    return ReceiptPaper(
        receipt, tenancy, payment.amount, payment.at, _way(payment.source), "", by, payment.undone_at is not None
    )


def _way(source: Account | None) -> str:
    return _("bank transfer") if source is not None and source.kind == Account.Kind.BANK else _("cash")
