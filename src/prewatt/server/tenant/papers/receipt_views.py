"""The receipt for money that staff received."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from ....kernel.calendar import zone
from ...notices.papers import email_of
from ...payments.models import Receipt
from ...payments.receipts import paper_of
from ...web.access import tenancy_to_see
from ...web.site_pages import flat_page


@login_required
@require_GET
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a receipt, to print or to send."""
    row = get_object_or_404(Receipt.objects.select_related("organisation", "top_up__by", "debt_payment__by"), pk=pk)
    payment = row.top_up or row.debt_payment
    tenancy, manager = tenancy_to_see(request, getattr(payment, "tenancy_id", 0))
    context = {
        "paper": paper_of(row),
        "site": flat_page(tenancy.unit.property, getattr(tenancy.unit, "meter", None)),
        "zone_info": zone(tenancy.unit.property.zone),
        "manager": manager,
        "email": email_of(tenancy) if manager else None,
    }
    return render(request, "tenant/papers/receipt.html", context)
