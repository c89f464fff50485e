"""The counter: who pays is found by the flat or the name, the amount is typed, and the receipt comes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ....kernel.units import NANO
from ...billing.open_debts import creditable
from ...core.amounts import typed_money
from ...estate.models import Tenancy
from ...ledger.books import balance, tenant_account
from ...notices.papers import email_of, send_paper
from ...payments.models import Receipt
from ...payments.receipts import give_receipt, paper_of
from ...payments.staff import record
from ...vending.models import TopUp
from ...vending.paid_amounts import check_amount, new_credit_id
from ...vending.refusals import TopUpError
from ...vending.usual import usual
from ...web.access import properties, row_at, tenancy_of_manager
from ...web.kept import refuse, say
from ...web.sure import ask_about
from ...web.tenancy_choice import LONGEST, tenancies_called, the_one

MOST = 12
"""The most tenancies that a search shows."""
FIRST_PART = 10
"""What is usual where nobody has paid yet is the price of a month with much use: a first payment is a part of it."""


@login_required
@require_GET
def till(request: HttpRequest) -> HttpResponse:
    """Find who pays. A search that finds one alone, or a flat of just that name, goes on to the amount."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    here = Tenancy.objects.filter(unit__property__in=properties(request))
    rows = tenancies_called(creditable(here), text, MOST)
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    if htmx:
        return render(request, "console/till/_found.html", {"rows": rows, "q": text})
    tenancy = the_one(rows, text)
    if tenancy is not None:
        return redirect("console:till:take", pk=tenancy.pk)
    return render(request, "console/till/till.html", {"rows": rows, "q": text})


@login_required
@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take cash from a tenant, and go on to the receipt. Sent twice, it is one payment."""
    tenancy = tenancy_of_manager(request, pk)
    unit = tenancy.unit
    currency = unit.property.currency
    here = reverse("console:till:take", args=[pk])
    if request.method == "POST":
        given = request.POST
        try:
            amount = typed_money(given.get("amount", ""), "amount", currency)
            check_amount(amount, currency)
            asked = ask_about(request, unit, tenancy.tenant, amount, _("Cash received"), here)
            if asked is not None:
                return asked
            payment = record(tenancy, amount, given.get("credit_id", ""), request.user, way="cash")
        except (ValidationError, TopUpError) as error:
            refuse(request, error)
            return redirect(here)
        return redirect("tenant:papers:receipt", pk=give_receipt(payment).pk)
    context = {
        "tenancy": tenancy,
        "unit": unit,
        "currency": currency,
        "balance": balance(tenant_account(tenancy)),
        "amounts": _amounts(tenancy),
        "credit_id": new_credit_id(),
    }
    return render(request, "console/till/take.html", context)


def _amounts(tenancy: Tenancy) -> list[int]:
    """Return amounts (nano) to be chosen by a tap: what the flat usually pays, and round ones of about that size. Where nobody has
    paid yet, only round ones.
    """
    has_paid = TopUp.objects.filter(tenancy__unit__property=tenancy.unit.property).exists()
    own = (usual(tenancy.unit) or 20 * NANO) // (1 if has_paid else FIRST_PART)
    size = NANO
    while size * 10 <= own:
        size *= 10
    return sorted({*((own,) if has_paid else ()), *(size * each for each in (1, 2, 5, 10))})[:5]


@login_required
@require_POST
def send_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a receipt to the tenant by e-mail."""
    receipt = get_object_or_404(Receipt.objects.select_related("top_up", "debt_payment"), pk=pk)
    payment = receipt.top_up or receipt.debt_payment
    tenancy = row_at(request, Tenancy.objects.all(), "unit__property", pk=getattr(payment, "tenancy_id", 0))
    channel = email_of(tenancy)
    if channel is None:
        messages.error(request, _("No e-mail address of this tenant is known, or no mail server is set up."))
        return redirect("tenant:papers:receipt", pk=pk)
    try:
        send_paper(channel, _("Receipt %(number)s") % {"number": receipt}, paper_of(receipt).in_words())
    except ValueError as error:
        say(request, error)
    else:
        messages.success(request, _("The receipt is sent to %(address)s.") % {"address": channel.shown})
    return redirect("tenant:papers:receipt", pk=pk)
