"""The page of a tenant's personal data: what is kept for how long, the file with all of it, and, for the landlord, the end."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ....kernel.calendar import zone
from ...accounts.security_log import note
from ...privacy.bills import kept_until
from ...privacy.erasing import objections
from ...privacy.export import export
from ...privacy.models import Erasure, retention_of
from ...web.access import tenancy_to_see
from ...web.downloads import as_download


@login_required
@require_GET
def personal_data(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is kept of a tenant and for how long; to the landlord also whether it can be erased."""
    tenancy, manager = tenancy_to_see(request, pk)
    retention = retention_of(tenancy.unit.property.organisation)
    context = {
        "tenancy": tenancy,
        "unit": tenancy.unit,
        "manager": manager,
        "zone_info": zone(tenancy.unit.property.zone),
        "fields": [(each.verbose_name, getattr(retention, each.name)) for each in retention.days_fields()],
        "bills_years": retention.bills_years,
        "bills_until": kept_until(tenancy),
        "erasure": Erasure.objects.filter(tenancy=tenancy).first(),
        "objections": objections(tenancy) if manager else [],
    }
    return render(request, "tenant/personal_data/personal_data.html", context)


@login_required
@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the file with all that is kept of a tenant."""
    tenancy, _manager = tenancy_to_see(request, pk)
    note("personal data read", request, tenancy=tenancy.pk)
    return as_download(export(tenancy), "application/zip", f"personal-data-{tenancy.pk}.zip")
