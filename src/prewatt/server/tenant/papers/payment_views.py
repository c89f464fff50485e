"""The page of a tenancy's payments: what was paid by whom in each month, each payment with what became of it and its code."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ....kernel.calendar import zone
from ...billing.spreading import open_spreads
from ...core.time import now
from ...payments.shown import shown_to
from ...web.access import tenancy_to_see
from ...web.paging import list_page
from ...web.payers import paid_by_month

MONTHS = 12
"""The most months of which is shown who paid."""


@login_required
@require_GET
def payments(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the payments of a tenancy, also of one that is over."""
    tenancy, manager = tenancy_to_see(request, pk)
    at, place = now(), zone(tenancy.unit.property.zone)
    rows = tenancy.top_ups.select_related("command__code", "entry__code", "given_receipt", "payment__gift__link")
    context = {
        "tenancy": tenancy,
        "unit": tenancy.unit,
        "manager": manager,
        "zone_info": place,
        "currency": tenancy.unit.property.currency,
        "months": paid_by_month(tenancy)[:MONTHS],
        "page": list_page(request, rows.prefetch_related("debt_parts")),
        "spreads": open_spreads(tenancy),
        "taken_back": shown_to(tenancy, place, at),
    }
    return render(request, "tenant/papers/payments.html", context)
