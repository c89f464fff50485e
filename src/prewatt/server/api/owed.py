"""Money that is owed to people and by tenants, over the API: what is open, and what was paid, in parts."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status

from ...kernel.units import exact_instant, exact_money
from ..billing.debt_payments import in_words
from ..billing.debt_set_off import set_off
from ..billing.models import DebtPayment
from ..billing.open_debts import open_debts
from ..billing.owed import owed, send_to
from ..billing.write_offs import decide_write_off, write_off
from ..payments.refunds import pay_out_by_hand
from ..payments.staff import record_debt, undo_debt_payment
from ..payments.wrong_flat import look, move_payment
from ..vending.models import Refund, TopUp
from ..web.access import (
    debt_of_manager,
    landlords,
    properties,
    refund_of_manager,
    row_at,
    tenancy_of_manager,
    write_off_of_manager,
)
from .reading import read_money
from .writing import instant_text

router = Router()


@router.get("/refunds")
def refunds(request: HttpRequest) -> Any:
    """List what is owed to people and not paid out yet, the oldest first."""
    return [
        _refund_document(each)
        for owner in landlords(request)
        for each in owed(owner).filter(tenancy__unit__property__in=properties(request))
    ]


def _refund_document(each: Refund) -> dict[str, Any]:
    return {
        "id": each.pk,
        "tenancy": each.tenancy_id,
        "unit": each.tenancy.unit.name,
        "who": each.who,
        "why": each.why,
        "reason": each.reason_in_words,
        "since": exact_instant(each.at),
        "amount": exact_money(each.amount),
        "left": exact_money(each.left),
        "send_to": each.send_to,
        "paid_out": [
            {
                "amount": exact_money(part.amount),
                "way": part.way,
                "day": part.day.isoformat(),
                "number": part.number,
                "by": part.by,
            }
            for part in each.pay_outs.all()
        ],
    }


class NewPayOut(Schema):
    """`amount` as text; left out, it is all that is left. `way`: cash or transfer. `day`: the local day on which the
    money left; left out, it is today. `number`: the number of the receipt or the transfer. `pay_out_id`: your own id,
    so that asking twice is one pay-out; left out, the number counts as the id.
    """

    amount: str | None = None
    way: str = "cash"
    day: date | None = None
    number: str = ""
    pay_out_id: str = ""


@router.post("/refunds/{pk}/pay-outs", response={201: dict[str, Any]})
def pay_out(request: HttpRequest, pk: int, given: NewPayOut) -> Any:
    """Record that what is owed, or a part of it, was paid out."""
    amount = None if given.amount is None else read_money("amount", given.amount)
    refund = pay_out_by_hand(
        refund_of_manager(request, pk),
        request.user,
        amount,
        given.way,
        given.day,
        given.number,
        given.pay_out_id,
    )
    return Status(201, _refund_document(refund))


class NewAddress(Schema):
    """`send_to`: an IBAN, an address or a note."""

    send_to: str


@router.post("/refunds/{pk}/send-to")
def refund_to(request: HttpRequest, pk: int, given: NewAddress) -> Any:
    """Set where the money that is owed must be sent."""
    send_to(refund_of_manager(request, pk), given.send_to)
    return _refund_document(refund_of_manager(request, pk))


@router.get("/debts")
def debts(request: HttpRequest) -> Any:
    """List what tenants owe, the oldest first."""
    return [
        {
            "id": each.pk,
            "tenancy": each.tenancy_id,
            "unit": each.tenancy.unit.name,
            "who": each.who,
            "why": each.memo_in_words,
            "since": exact_instant(each.since),
            "amount": exact_money(each.amount),
            "left": exact_money(each.left),
        }
        for owner in landlords(request)
        for each in open_debts(owner).filter(tenancy__unit__property__in=properties(request))
    ]


class NewDebtPayment(Schema):
    """`amount` as text. `payment_id`: your own id, so that asking twice is one payment. `receipt`: a number that is
    unique in an organisation. `way`: cash or transfer.
    """

    amount: str
    payment_id: str
    receipt: str = ""
    way: str = "cash"


@router.post("/tenancies/{pk}/debt-payments", response={201: dict[str, Any]})
def pay_debt(request: HttpRequest, pk: int, given: NewDebtPayment) -> Any:
    """Record money from a tenant who owes. The oldest debts are paid first; what is more than is owed is owed back."""
    payment = record_debt(
        tenancy_of_manager(request, pk),
        read_money("amount", given.amount),
        given.payment_id,
        request.user,
        given.receipt,
        given.way,
    )
    return Status(201, debt_payment(payment))


def debt_payment(payment: DebtPayment) -> dict[str, Any]:
    """Return a payment of debts in the form of the API."""
    return {
        "id": payment.pk,
        "payment_id": payment.payment_id,
        "amount": exact_money(payment.amount),
        "at": exact_instant(payment.at),
        "debts": [{"debt": each.debt_id, "amount": exact_money(each.amount)} for each in payment.parts.all()],
        "refund": payment.refund_id,
        "says": in_words(payment),
    }


class NewUndoing(Schema):
    """`reason`: why the payment never happened."""

    reason: str


@router.post("/debt-payments/{pk}/undo")
def undo_debt(request: HttpRequest, pk: int, given: NewUndoing) -> Any:
    """Undo a payment of a debt that never happened: the debt is open again."""
    payment = row_at(request, DebtPayment.objects.all(), "tenancy__unit__property", pk=pk)
    return {"id": undo_debt_payment(payment, request.user, given.reason).pk, "undone": True}


class NewWriteOff(Schema):
    """`amount` as text; left out, it is all that is left. `reason`: why the debt is written off."""

    reason: str
    amount: str | None = None


@router.post("/debts/{pk}/write-offs", response={201: dict[str, Any]})
def propose_write_off(request: HttpRequest, pk: int, given: NewWriteOff) -> Any:
    """Propose to write a debt off. It waits for a second person."""
    amount = None if given.amount is None else read_money("amount", given.amount)
    proposal = write_off(debt_of_manager(request, pk), request.user, given.reason, amount)
    return Status(201, {"id": proposal.pk, "amount": exact_money(proposal.amount), "state": proposal.state})


class NewDecision(Schema):
    """`agreed`: whether a second person agrees."""

    agreed: bool


@router.post("/write-offs/{pk}/decide")
def decide(request: HttpRequest, pk: int, given: NewDecision) -> Any:
    """Agree, as a second person, to write a debt off, or decline."""
    proposal = write_off_of_manager(request, pk)
    return {"id": proposal.pk, "state": decide_write_off(proposal, request.user, given.agreed).state}


@router.post("/debts/{pk}/set-off/{refund_pk}")
def set_debt_off(request: HttpRequest, pk: int, refund_pk: int) -> Any:
    """Pay what a person owes with what is owed to that person."""
    return {
        "amount": exact_money(
            set_off(debt_of_manager(request, pk), refund_of_manager(request, refund_pk), request.user)
        )
    }


class NewMove(Schema):
    """`credit_id`: the id of the payment in the wrong flat. `to`: the right tenancy. `used`: the used part becomes a
    `debt`, or a `gift` if a second person agrees. `as_known`: use what an offline building reported last. `preview`:
    only say what the move would do.
    """

    credit_id: str
    to: int
    reason: str
    used: Literal["debt", "gift"] = "debt"
    as_known: bool = False
    preview: bool = False


@router.post("/tenancies/{pk}/moved-payments", response={200: dict[str, Any], 201: dict[str, Any]})
def move(request: HttpRequest, pk: int, given: NewMove) -> Any:
    """Move a payment that was credited to this tenancy to the right one, in one step."""
    top_up = get_object_or_404(
        TopUp.objects.select_related("command"), tenancy=tenancy_of_manager(request, pk), credit_id=given.credit_id
    )
    to, outlook = tenancy_of_manager(request, given.to), look(top_up)
    document = {
        "left": exact_money(outlook.left),
        "used": exact_money(outlook.used),
        "remains": exact_money(outlook.remains),
        "offline_since": instant_text(outlook.offline),
    }
    if given.preview:
        return Status(200, {**document, "credit_id": None})
    moved = move_payment(top_up, to, request.user, given.reason, gift=given.used == "gift", as_known=given.as_known)
    return Status(201, {**document, "credit_id": moved.credit_id})
