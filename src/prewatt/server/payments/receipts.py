"""Receipts for money that staff received: a number without a gap, and what the paper says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..billing.models import DebtPayment
from ..core import local_forms
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.models import Account, Transfer
from ..ledger.numbering import next_number
from ..ledger.references import Of, Part, Reference
from ..metering.locking import lock_organisation
from ..vending.models import TopUp
from .models import Receipt, TakenBack

_UNDONE = Reference(Of.TOP_UP, 0).and_(Part.UNDONE).part
"""The part of a top-up's bookings that takes it back."""


@transaction.atomic
def give_receipt(payment: TopUp | DebtPayment) -> Receipt:
    """Return the receipt of a payment that staff received. If it has none, create one with the organisation's next number."""
    lock_organisation(payment.organisation_id)
    which = {"top_up": payment} if isinstance(payment, TopUp) else {"debt_payment": payment}
    known = Receipt.objects.filter(**which).first()
    if known is not None:
        return known
    number = next_number(Receipt, payment.organisation_id)
    return Receipt.objects.create(organisation_id=payment.organisation_id, number=number, made_at=now(), **which)


@dataclass(frozen=True)
class ReceiptPaper:
    """What a receipt says. `amount` in nano; `way`: how it was received; `code`: of the credit, empty if it has none;
    `is_for_keypad`: the code alone brings the credit, at the meter's keypad. `by`: who received it; `is_undone`: the
    payment was undone, or taken back.
    """

    receipt: Receipt
    tenancy: Tenancy
    amount: int
    paid_at: int
    way: str
    code: str
    by: str
    is_undone: bool
    is_for_keypad: bool = False

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
    """Return the paper of a receipt, as it is today."""
    return papers_of([receipt])[0]


def papers_of(receipts: Iterable[Receipt]) -> list[ReceiptPaper]:
    """Return what each of some receipts says now."""
    related = ("organisation", "top_up__by", "top_up__command__code", "top_up__entry__code", "debt_payment__by")
    known = Receipt.objects.select_related(*related, "debt_payment__source").in_bulk([each.pk for each in receipts])
    rows = [known[each.pk] for each in receipts]
    top_ups = [each.top_up_id for each in rows if each.top_up_id]
    payments = [_payment(each) for each in rows]
    flats = Tenancy.objects.select_related("unit__property__organisation").in_bulk(
        {each.tenancy_id for each in payments}
    )
    booked = Transfer.objects.filter(of=Of.TOP_UP, number__in=top_ups, part__in=("", _UNDONE))
    transfers = {(each.number, each.part): each for each in booked.select_related("debit_account")}
    taken_back = set(TakenBack.objects.filter(top_up__in=top_ups).values_list("top_up", flat=True))
    return [
        _of_top_up(row, flats[payment.tenancy_id], payment, transfers, payment.pk in taken_back)
        if isinstance(payment, TopUp)
        else _of_debt(row, flats[payment.tenancy_id], payment)
        for row, payment in zip(rows, payments, strict=True)
    ]


def _of_top_up(
    row: Receipt,
    flat: Tenancy,
    top_up: TopUp,
    transfers: Mapping[tuple[int | None, str], Transfer],
    is_taken_back: bool,
) -> ReceiptPaper:
    source = transfers.get((top_up.pk, ""))
    way = _way(source.debit_account if source is not None else None)
    code = "" if top_up.code is None else str(top_up.code)
    is_undone = is_taken_back or (top_up.pk, _UNDONE) in transfers
    by, at_keypad = _name(top_up.by), top_up.command is None
    return ReceiptPaper(row, flat, top_up.amount, top_up.paid_at, way, code, by, is_undone, at_keypad)


def _of_debt(row: Receipt, flat: Tenancy, payment: DebtPayment) -> ReceiptPaper:
    way, is_undone = _way(payment.source), payment.undone_at is not None
    return ReceiptPaper(row, flat, payment.amount, payment.at, way, "", _name(payment.by), is_undone)


def _name(person: Any) -> str:
    return "" if person is None else str(person.get_full_name() or person.get_username())


def _payment(receipt: Receipt) -> TopUp | DebtPayment:
    payment = receipt.top_up or receipt.debt_payment
    assert payment is not None
    return payment


def _way(source: Account | None) -> str:
    return _("bank transfer") if source is not None and source.kind == Account.Kind.BANK else _("cash")
