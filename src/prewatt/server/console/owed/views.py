"""Pages of money that is owed to people and by people: paid out and paid in parts, set off, and written off by a second
person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ....kernel.currencies import format_money
from ....kernel.units import DAY
from ...billing.debt_payments import in_words
from ...billing.debt_set_off import set_off
from ...billing.debts import DebtError
from ...billing.models import Debt, DebtPayment, WriteOff
from ...billing.open_debts import open_debts
from ...billing.owed import owed, send_to
from ...billing.write_offs import decide_write_off, write_off
from ...core import local_forms
from ...core.amounts import typed_money
from ...core.time import now
from ...estate.models import Organisation, Tenancy
from ...estate.typed_days import typed_day
from ...payments.errors import PaymentError
from ...payments.refunds import pay_out_by_hand, refundable_by_provider
from ...payments.staff import record_debt, undo_debt_payment
from ...vending.models import Refund
from ...vending.paid_amounts import new_credit_id
from ...vending.refusals import GivingBackError, TopUpError, check_id
from ...web.access import debt_of_manager, refund_of_manager, row_at, write_off_of_manager
from ...web.forms import one_of
from ...web.kept import refuse, say
from ...web.paging import list_page
from ...web.sums import total

LAST = 10
"""The most payments of debts that the page shows."""
REFUSALS = (DebtError, GivingBackError, PaymentError, TopUpError, ValidationError)


@dataclass(frozen=True)
class Owed:
    """Money that is owed to somebody, as the page shows it. `whole`: what is left, as it is paid; `days`: for how many
    days it has been owed. `pay_out_id`: the id of the pay-out that the form makes, so that a form sent twice is one.
    """

    refund: Refund
    left: int
    whole: str
    by_provider: bool
    days: int
    late: bool
    unclaimed: bool
    pay_out_id: str


@dataclass(frozen=True)
class Owing:
    """Money that somebody owes. `credit`: what is owed to the same person, and can be set off."""

    debt: Debt
    left: int
    credit: list[Refund]
    waiting: WriteOff | None
    payment_id: str


def owed_of(request: HttpRequest, organisation: Organisation) -> dict[str, Any]:
    """Return what the page of the books shows about money that is owed: a page of each list, and the sums of all."""
    at = now()
    by_tenancy: dict[int, list[Refund]] = {}
    refunds = list(owed(organisation).prefetch_related("pay_outs"))
    for each in refunds:
        by_tenancy.setdefault(each.tenancy_id, []).append(each)
    debts = list(open_debts(organisation).prefetch_related("parts__payment"))
    owed_page, debts_page = list_page(request, refunds, "owed"), list_page(request, debts, "debts")
    return {
        "owed_page": owed_page,
        "owed": [_as_owed(each, organisation, at) for each in owed_page],
        "owed_sum": total((each.left, _currency(each.tenancy)) for each in refunds),
        "debts_page": debts_page,
        "debts": [
            Owing(
                each,
                each.left,
                by_tenancy.get(each.tenancy_id, []),
                each.write_offs.filter(state=WriteOff.State.WAITING).select_related("by").first(),
                new_credit_id(),
            )
            for each in debts_page
        ],
        "debts_sum": total((each.left, _currency(each.tenancy)) for each in debts),
        "debt_payments": DebtPayment.objects.filter(organisation=organisation, undone_at__isnull=True).select_related(
            "tenancy__unit", "source"
        )[:LAST],
    }


def _as_owed(refund: Refund, organisation: Organisation, at: int) -> Owed:
    left, days = refund.left, (at - refund.at) // DAY
    return Owed(
        refund,
        left,
        format_money(left, _currency(refund.tenancy)),
        refundable_by_provider(refund) >= left,
        days,
        days >= organisation.refund_reminder,
        days >= organisation.refund_unclaimed,
        new_credit_id(),
    )


def _currency(tenancy: Tenancy) -> str:
    return tenancy.unit.property.currency


@login_required
@require_POST
def refund_paid(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that what is owed, or a part of it, was paid out."""
    refund, typed = refund_of_manager(request, pk), request.POST
    try:
        amount = typed_money(typed["amount"], "amount", _currency(refund.tenancy)) if typed.get("amount") else None
        way, day = typed.get("way") or "cash", typed_day(typed["day"], "day") if typed.get("day") else None
        number, pay_out_id = typed.get("number", ""), typed.get("pay_out_id", "")
        check_id(pay_out_id)
        left = pay_out_by_hand(refund, request.user, amount, way, day, number, pay_out_id).left
        said = _("The payment is booked. %(left)s is still owed.") % {
            "left": local_forms.money(left, _currency(refund.tenancy))
        }
        messages.success(request, said if left else _("The refund is booked, and paid out completely."))
    except REFUSALS as error:
        refuse(request, error, labels={"number": _("Receipt or reference"), "day": _("Paid out on")})
    return redirect("console:books:books")


@login_required
@require_POST
def refund_to(request: HttpRequest, pk: int) -> HttpResponse:
    """Set where money that is owed must be sent."""
    try:
        send_to(refund_of_manager(request, pk), request.POST.get("send_to", ""))
    except REFUSALS as error:
        refuse(request, error)
    return redirect("console:books:books")


@login_required
@require_POST
def debt_paid(request: HttpRequest, pk: int) -> HttpResponse:
    """Record money from a person who owes. It pays that person's debts, the oldest first."""
    debt, typed = debt_of_manager(request, pk), request.POST
    try:
        payment = record_debt(
            debt.tenancy,
            typed_money(typed.get("amount", ""), "amount", _currency(debt.tenancy)),
            typed.get("payment_id", ""),
            request.user,
            typed.get("receipt", ""),
            typed.get("way") or "cash",
        )
        messages.success(request, in_words(payment))
    except REFUSALS as error:
        refuse(request, error)
    return redirect("console:books:books")


@login_required
@require_POST
def undo_paid(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a payment of a debt that never happened."""
    payment = row_at(request, DebtPayment.objects.all(), "tenancy__unit__property", pk=pk)
    try:
        undo_debt_payment(payment, request.user, request.POST.get("reason", ""))
        messages.success(request, _("The payment is undone by a counter-entry."))
    except REFUSALS as error:
        refuse(request, error)
    return redirect("console:books:books")


@login_required
@require_POST
def debt_set_off(request: HttpRequest, pk: int, refund_pk: int) -> HttpResponse:
    """Pay what a person owes with what is owed to that person."""
    try:
        debt = debt_of_manager(request, pk)
        part = set_off(debt, refund_of_manager(request, refund_pk), request.user)
        messages.success(
            request, _("%(amount)s is set off.") % {"amount": local_forms.money(part, _currency(debt.tenancy))}
        )
    except REFUSALS as error:
        say(request, error)
    return redirect("console:books:books")


@login_required
@require_POST
def debt_write_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose to write a debt off."""
    debt, typed = debt_of_manager(request, pk), request.POST
    try:
        amount = typed_money(typed["amount"], "amount", _currency(debt.tenancy)) if typed.get("amount") else None
        write_off(debt, request.user, typed.get("reason", ""), amount)
        messages.success(request, _("The write-off waits on this page for a second person."))
    except REFUSALS as error:
        refuse(request, error)
    return redirect("console:books:books")


@login_required
@require_POST
def write_off_decided(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree, as a second person, to write a debt off, or decline."""
    proposal = write_off_of_manager(request, pk)
    try:
        decide_write_off(proposal, request.user, one_of(request.POST, "do", ("agree", "decline")) == "agree")
    except REFUSALS as error:
        say(request, error)
    return redirect("console:books:books")
