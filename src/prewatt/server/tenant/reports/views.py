"""Pages of fault reports: a tenant sees their own and a manager all, with who said and did what, and when, and with
photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ....kernel.calendar import zone
from ...core.time import now
from ...core.uploads import LARGEST_PHOTOS, PHOTOS_AT_ONCE, takes
from ...correspondence.models import Report
from ...correspondence.photos import Encoded, encode
from ...correspondence.reports import COMES_BACK, SHOWN, ReportError, add_entry, can_add, lives_there, open_report
from ...vending.paid_amounts import new_credit_id
from ...web.access import chosen_flat, lives_now, own_tenancies, photo_to_see, report_to_see
from ...web.kept import refuse


def photos_of(request: HttpRequest) -> list[Encoded]:
    """Return the photos that were sent with a form. Raises ValidationError."""
    files: Sequence[Any] = [each for each in request.FILES.getlist("photos") if each]
    return encode(files)


@takes(LARGEST_PHOTOS)
@login_required
@require_http_methods(["GET", "POST"])
def my_reports(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Show a tenant's own reports, also of flats that they have left; take a new report from somebody who lives there."""
    user: Any = request.user
    if request.method == "POST":
        flat = lives_now(request, tenancy)
        given = request.POST
        try:
            new_report = open_report(
                flat,
                given.get("asked", ""),
                given.get("category", ""),
                given.get("text", ""),
                photos_of(request),
                user,
            )
        except (ReportError, ValidationError) as error:
            refuse(request, error)
            return redirect("tenant:reports:my_reports", tenancy=flat.pk)
        messages.success(request, _("Your report is with the manager. You are told when there is an answer."))
        return redirect("tenant:reports:report", pk=new_report.pk)
    tenancies = own_tenancies(request)
    if not tenancies:
        raise Http404
    # Who has moved out still sees what they reported.
    here = lives_now(request, tenancy) if tenancy is not None else chosen_flat(request)
    rows = Report.objects.filter(tenancy__in=tenancies).select_related("tenancy__unit__property")
    context = {
        "unit": here.unit if here else None,
        "flat": here,
        "reports": rows[:SHOWN],
        "categories": Report.Category.choices,
        "most_photos": PHOTOS_AT_ONCE,
        "asked": new_credit_id(),
        "zone_info": zone((here or tenancies[0]).unit.property.zone),
    }
    return render(request, "tenant/reports/my_reports.html", context)


@takes(LARGEST_PHOTOS)
@login_required
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a report from its first words on, and what may be added; take what is added."""
    report_, manager = report_to_see(request, pk)
    if request.method == "POST":
        given = request.POST
        try:
            add_entry(
                report_,
                given.get("asked", ""),
                given.get("text", ""),
                given.get("state", ""),
                photos_of(request),
                request.user,
                manager,
            )
        except (ReportError, ValidationError) as error:
            refuse(request, error)
        else:
            messages.success(request, _("Added."))
        return redirect("tenant:reports:report", pk=pk)
    at = now()
    context = {
        "report": report_,
        "unit": report_.tenancy.unit,
        "manager": manager,
        "asked": new_credit_id(),
        "entries": report_.entries.prefetch_related("photos"),
        "zone_info": zone(report_.tenancy.unit.property.zone),
        "most_photos": PHOTOS_AT_ONCE,
        "states": Report.State.choices if manager else [],
        "may": manager or can_add(report_, at),
        "lives": lives_there(report_.tenancy, at),
        "days": COMES_BACK // (86_400 * 10**6),
    }
    return render(request, "tenant/reports/report.html", context)


@login_required
@require_GET
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a photo of a report."""
    return photo_to_see(request, pk)
