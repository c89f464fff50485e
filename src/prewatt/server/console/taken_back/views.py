"""Money that is taken back, and lines of settlement files that only a person can explain."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ...payments.errors import PaymentError
from ...payments.models import SettlementLine, TakenBack
from ...payments.settlement import explain
from ...payments.taken_back import decide
from ...web.access import property_of_manager, row_of
from ...web.kept import refuse_form
from .forms import BackRulesForm


@login_required
@require_POST
def taken_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Store who bears money that was taken back, or that it is done."""
    row = row_of(request, TakenBack.objects.all(), "organisation", pk=pk)
    try:
        decide(row, request.POST.get("do", ""), request.user)
    except PaymentError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your decision is booked, and the matter is closed."))
    return redirect("console:payments:payments")


@login_required
@require_POST
def settlement_line(request: HttpRequest, pk: int) -> HttpResponse:
    """Store what a line of a settlement file is."""
    line = row_of(request, SettlementLine.objects.all(), "merchant__organisation", pk=pk)
    try:
        explain(line, request.POST.get("means", ""), request.user)
    except PaymentError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your decision is booked, and the matter is closed."))
    return redirect("console:payments:payments")


@login_required
@require_POST
def back_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Store the rules about payments that a bank takes back."""
    property_ = property_of_manager(request, pk)
    form = BackRulesForm(request.POST, instance=property_)
    if form.is_valid():
        form.save()
        messages.success(request, _("The rules are saved."))
    else:
        refuse_form(request, form)
    return redirect("console:supply:supply", pk=pk)
