"""The receipt of a payment, sent to the tenant."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ...estate.models import Tenancy
from ...notices.papers import email_of, send_paper
from ...payments.models import Receipt
from ...payments.receipts import paper_of
from ...web.access import row_at
from ...web.kept import say


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
