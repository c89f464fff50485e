"""The page of all fault reports of a landlord."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ....kernel.calendar import zone
from ...correspondence.models import Report
from ...correspondence.reports import not_done, reports_of
from ...web.access import landlord_of, properties
from ...web.paging import list_page


@login_required
@require_GET
def reports(request: HttpRequest) -> HttpResponse:
    """Show a manager's fault reports, first those that are not done."""
    owner = landlord_of(request)
    rows = reports_of(owner).filter(tenancy__unit__property__in=properties(request))
    context = {
        "owner": owner,
        "open": list_page(request, not_done(rows), "open"),
        "page": list_page(request, rows.filter(state=Report.State.DONE)),
        "zone_info": zone(owner.home().zone),
    }
    return render(request, "console/reports/reports.html", context)
