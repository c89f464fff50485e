"""Transfers that the bank took back, and our own transfers that came back. A person who sees which lines belong
together books them with one click.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _

from ...kernel.calendar import day_bounds, zone
from ...kernel.sentences import sentence
from ..billing.models import DebtPayment
from ..billing.owed import meter_of, owe_back
from ..core.time import now
from ..ledger.books import Kind, account, book, booked
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import lock_organisation
from ..vending.models import PayOut, Refund, TopUp
from .bank import open_line
from .models import BankLine, TakenBack
from .same import returned_by
from .statements.errors import BankError
from .taking import take_from_debtor, take_from_tenant


def may_be_taken_back(line: BankLine) -> QuerySet[TopUp]:
    """Return the payments that a line of money out may take back, for a person to choose, the latest first: they have
    its amount, came in at the bank, are credited, and were not taken back.
    """
    rows = _came_in(line).filter(amount=-line.amount, taken_back=None)
    return rows.select_related("tenancy__unit__property").order_by("-paid_at")


def _came_in(line: BankLine) -> QuerySet[TopUp]:
    """Return the credited payments that came in at the bank of a line's landlord, in the line's currency."""
    of = Transfer.objects.filter(of=Of.TOP_UP, number=OuterRef("pk"))
    return TopUp.objects.filter(
        Exists(of.filter(part="", debit_account__kind=Kind.BANK)),
        ~Exists(of.filter(part=Part.UNDONE)),
        organisation=line.organisation_id,
        payment=None,
        moved_to=None,
        tenancy__unit__property__currency=line.currency,
    )


@transaction.atomic
def book_returned(line: BankLine, by: Any, top_up: TopUp | None = None) -> TakenBack | None:
    """Book that the bank took back a payment: `top_up`, which a person has chosen, or else the payment of the line that
    `returned_by` finds. If the line is more than the payment, the difference is the bank's fee. Returns None if the
    found line was credited to nobody: the two lines cancel out. Raises BankError if the payment cannot be determined, or was
    taken back or undone already.
    """
    lock_organisation(line.organisation_id)
    before = returned_by(line) if top_up is None else None
    payment = top_up if before is None else before.top_up or before.debt_payment
    # The lock keeps others from undoing the payment meanwhile.
    locked = open_line(line, payment.tenancy.unit_id if payment is not None else None)
    if before is not None and before.state == BankLine.State.OPEN:
        _cancel_out(locked, before, by)
        return None
    if top_up is not None:
        _check_chosen(locked, top_up)
    if locked.amount >= 0 or payment is None:
        raise BankError(_("The line alone does not show which payment it takes back: choose the payment."))
    row = _row(locked, payment, min(_left(locked, payment), -locked.amount), by)
    _take_from(row, payment)
    row.save()
    _book_fee(locked, payment, -locked.amount - row.amount)
    locked.state, locked.takes_back, locked.by = BankLine.State.BOOKED, before, by
    locked.save(update_fields=["state", "takes_back", "by"])
    return row


def _check_chosen(line: BankLine, top_up: TopUp) -> None:
    """Raise BankError if a line cannot be the payment that a person has chosen."""
    if not _came_in(line).filter(pk=top_up.pk).exists():
        raise BankError(_("This line can't be that payment. Load the page again and choose from its list."))


def _take_from(row: TakenBack, payment: TopUp | DebtPayment) -> None:
    if isinstance(payment, TopUp):
        take_from_tenant(row, payment)
    else:
        take_from_debtor(row, payment)


def _book_fee(line: BankLine, payment: TopUp | DebtPayment, fee: int) -> None:
    """Book what the bank took more than the payment, nano, as its fee."""
    if fee:
        of, fees = Reference(Of.BANK_LINE, line.pk).and_(Part.FEE), account(line.organisation, Kind.PROVIDER_FEES)
        bank, text = account(line.organisation, Kind.BANK), sentence("the bank's fee for a transfer that it took back")
        book(Transfer.Kind.FEE, fees, bank, fee, now(), of, text, meter_of(payment.tenancy))


def _cancel_out(line: BankLine, before: BankLine, by: Any) -> None:
    """Set two lines aside of which the first was credited to nobody and the second takes it back."""
    for each in (line, before):
        each.state, each.by = BankLine.State.ASIDE, by
    line.takes_back = before
    before.save(update_fields=["state", "by"])
    line.save(update_fields=["state", "by", "takes_back"])


def _left(line: BankLine, payment: TopUp | DebtPayment) -> int:
    """Return how much of a payment a line can still take back, nano. Raises BankError if nothing is left of it."""
    if isinstance(payment, TopUp) and booked(Reference(Of.TOP_UP, payment.pk).and_(Part.UNDONE)):
        raise BankError(_("This payment is undone already."))
    left = payment.amount - _taken_of(payment)
    if payment.organisation_id != line.organisation_id or left <= 0:
        raise BankError(_("This payment was taken back already."))
    return left


def _taken_of(payment: TopUp | DebtPayment) -> int:
    name = {"top_up": payment} if isinstance(payment, TopUp) else {"bank_line__takes_back__debt_payment": payment}
    rows = TakenBack.objects.filter(state=TakenBack.State.BOOKED, **name)
    return int(rows.aggregate(sum=Sum("amount") - Sum("returned"))["sum"] or 0)


def _row(line: BankLine, payment: TopUp | DebtPayment, amount: int, by: Any) -> TakenBack:
    at = day_bounds(line.day, zone(payment.tenancy.unit.property.zone))[0]
    return TakenBack.objects.create(
        organisation=line.organisation,
        bank_line=line,
        back_id=f"bank {line.pk}",
        cause=TakenBack.Cause.RETURN,
        amount=amount,
        fee=-line.amount - amount,
        currency=line.currency,
        at=at,
        heard_at=now(),
        seen_by="bank",
        by=by,
    )


def may_have_come_back(lines: Iterable[BankLine]) -> dict[int, list[PayOut]]:
    """Return for each line of money in (by primary key) the transfers to tenants that it may bring back, the latest
    first: they have its amount and an earlier or the same day.
    """
    money_in = [line for line in lines if line.amount > 0]
    of = Transfer.objects.filter(of=Of.PAID_OUT, number=OuterRef("pk"), part=Part.BACK)
    rows = PayOut.objects.filter(
        ~Exists(of),
        way=PayOut.Way.TRANSFER,
        amount__in={line.amount for line in money_in},
        refund__tenancy__unit__property__organisation__in={line.organisation_id for line in money_in},
    )
    transfers: dict[int, list[PayOut]] = {}
    for each in rows.select_related("refund__tenancy__unit__property").order_by("-day"):
        property_ = each.refund.tenancy.unit.property
        for line in money_in:
            if (line.amount, line.organisation_id) == (each.amount, property_.organisation_id) and each.day <= line.day:
                transfers.setdefault(line.pk, []).append(each)
    return transfers


@transaction.atomic
def book_came_back(line: BankLine, sent: PayOut, by: Any) -> Refund:
    """Book that a transfer of ours came back: it is owed to the same person again. Returns the new refund. Raises
    BankError if the line is booked already or cannot be that transfer.
    """
    locked = open_line(line)
    if sent not in may_have_come_back([locked]).get(locked.pk, []):
        raise BankError(_("This line can't be that payment. Load the page again and choose from its list."))
    bank, of = account(locked.organisation, Kind.BANK), Reference(Of.PAID_OUT, sent.pk).and_(Part.BACK)
    memo = sentence("did not arrive: %(why)s", why=sent.refund.reason_as_given)
    refund = owe_back(sent.refund.tenancy, locked.amount, Refund.Why.FAILED, bank, of, memo, Transfer.Kind.REVERSAL)
    locked.state, locked.by = BankLine.State.BOOKED, by
    locked.save(update_fields=["state", "by"])
    return refund
