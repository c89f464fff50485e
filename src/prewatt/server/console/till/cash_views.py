"""The page on which cash is taken from a tenant."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ...core.amounts import typed_money
from ...core.local_forms import sign
from ...ledger.books import balance, tenant_account
from ...payments.receipts import give_receipt
from ...payments.staff import record
from ...vending.paid_amounts import check_amount, new_credit_id
from ...vending.refusals import TopUpError
from ...web.access import tenancy_of_manager
from ...web.kept import refuse
from ...web.sure import ask_about
from .amount_choices import amounts


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
            receive = partial(record, tenancy, amount, given.get("credit_id", ""), request.user, way="cash")
            asked = ask_about(request, unit, tenancy.tenant, amount, _("Cash received"), here, receive)
            if asked is not None:
                return asked
            payment = receive()
        except (ValidationError, TopUpError) as error:
            label = _("Cash received, %(currency)s") % {"currency": sign(currency)}
            refuse(request, error, labels={"amount": label})
            return redirect(here)
        return redirect("tenant:papers:receipt", pk=give_receipt(payment).pk)
    context = {
        "tenancy": tenancy,
        "unit": unit,
        "currency": currency,
        "balance": balance(tenant_account(tenancy)),
        "amounts": amounts(tenancy),
        "credit_id": new_credit_id(),
    }
    return render(request, "console/till/take.html", context)
