"""Money that is taken back, and lines of settlement files that only a person can explain."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ...estate.models import Organisation
from ...payments.errors import PaymentError
from ...payments.models import SettlementLine, TakenBack
from ...payments.settlement import UNKNOWN, explain
from ...payments.taken_back import decide
from ...web.access import property_of_manager, row_of
from ...web.kept import refuse_form
from .forms import BackRulesForm

SHOWN = 30
"""The most rows that the page shows of money that was taken back and is done."""


def rows_of(owner: Organisation) -> tuple[list[TakenBack], list[TakenBack]]:
    """Return an organisation's money that was taken back: (what waits for a person, what is done)."""
    rows = TakenBack.objects.filter(organisation=owner, within=None).select_related(
        "merchant", "payment__tenancy__unit__property", "top_up__tenancy__unit__property", "command"
    )
    # Of a payment that is not known only the file tells whether it is another business's on the same account.
    line = SettlementLine.objects.filter(merchant=OuterRef("merchant"))
    in_file = Exists(line.filter(back_id=OuterRef("back_id"))) | Exists(line.filter(line_id=OuterRef("back_id")))
    waits = rows.filter(closed_at=None).filter(~Q(state=TakenBack.State.WAITING) | Q(payment__isnull=False) | in_file)
    return list(waits), list(rows.filter(closed_at__isnull=False)[:SHOWN])


def unexplained(owner: Organisation) -> list[SettlementLine]:
    """Return the lines of settlement files that only a person can explain."""
    rows = SettlementLine.objects.filter(merchant__organisation=owner, kind__in=UNKNOWN, means="")
    return list(rows.select_related("merchant"))


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
        messages.success(request, _("It is booked and closed."))
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
        messages.success(request, _("It is booked and closed."))
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
