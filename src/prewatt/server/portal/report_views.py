"""Pages of fault reports: a tenant's own, a manager's all, each with who said and did what when; and their photos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ...kernel.calendar import zone
from ..correspondence.models import Photo, Report
from ..correspondence.photos import Encoded, encode
from ..correspondence.reports import (
    COMES_BACK,
    ReportError,
    add_entry,
    can_add,
    lives_there,
    not_done,
    open_report,
    reports_of,
)
from ..time import now
from ..vending.top_ups import new_credit_id
from .access import tenancy_to_see
from .kept import refuse
from .pay_views import lives_now
from .supply_views import owner_of

SHOWN = 50
"""Reports that are done which a page shows."""


def photos_of(request: HttpRequest) -> list[Encoded]:
    """The photos that were sent with a form. ValidationError."""
    files: Sequence[Any] = [each for each in request.FILES.getlist("photos") if each]
    return encode(files)


@login_required
@require_http_methods(["GET", "POST"])
def my_reports(request: HttpRequest) -> HttpResponse:
    """A tenant's own reports, also of flats they have left; and a form for a new one, for who lives somewhere."""
    user: Any = request.user
    if request.method == "POST":
        tenancy = lives_now(request)
        given = request.POST
        try:
            made = open_report(
                tenancy,
                given.get("asked", ""),
                given.get("category", ""),
                given.get("text", ""),
                photos_of(request),
                user,
            )
        except (ReportError, ValidationError) as error:
            refuse(request, error)
            return redirect("my-reports")
        messages.success(request, _("Your report is with the manager. You are told when there is an answer."))
        return redirect("report", pk=made.pk)
    tenancies = list(user.tenancies.select_related("unit__property"))
    if not tenancies:
        raise Http404
    at = now()
    here = next((each for each in tenancies if lives_there(each, at)), None)
    rows = Report.objects.filter(tenancy__in=tenancies).select_related("tenancy__unit__property")
    context = {
        "unit": here.unit if here else None, "reports": rows[:SHOWN], "categories": Report.Category.choices,
        "asked": new_credit_id(), "where": zone(tenancies[0].unit.property.zone),
    }  # fmt: skip
    return render(request, "portal/my_reports.html", context)


@login_required
@require_GET
def reports(request: HttpRequest) -> HttpResponse:
    """A manager's reports: those that are not done first."""
    owner = owner_of(request)
    rows = reports_of(owner)
    context = {
        "owner": owner, "open": not_done(rows), "done": rows.filter(state=Report.State.DONE)[:SHOWN],
        "where": zone(owner.home().zone),
    }  # fmt: skip
    return render(request, "portal/reports.html", context)


def report_to_see(request: HttpRequest, pk: int) -> tuple[Report, bool]:
    """A report, and whether its manager asks. Http404 for who is neither that nor its tenant."""
    found = get_object_or_404(Report.objects.select_related("tenancy__unit__property__organisation"), pk=pk)
    _tenancy, manager = tenancy_to_see(request, found.tenancy_id)
    return found, manager


@login_required
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """A report from its first words on, and what may be added."""
    found, manager = report_to_see(request, pk)
    if request.method == "POST":
        given = request.POST
        try:
            add_entry(
                found, given.get("asked", ""), given.get("text", ""), given.get("state", ""), photos_of(request),
                request.user, manager,
            )  # fmt: skip
        except (ReportError, ValidationError) as error:
            refuse(request, error)
        else:
            messages.success(request, _("Added."))
        return redirect("report", pk=pk)
    at = now()
    context = {
        "report": found, "unit": found.tenancy.unit, "manager": manager, "asked": new_credit_id(),
        "entries": found.entries.prefetch_related("photos"), "where": zone(found.tenancy.unit.property.zone),
        "states": Report.State.choices if manager else [], "may": manager or can_add(found, at),
        "lives": lives_there(found.tenancy, at), "days": COMES_BACK // (86_400 * 10**6),
    }  # fmt: skip
    return render(request, "portal/report.html", context)


def photo_to_see(request: HttpRequest, pk: int) -> HttpResponse:
    """A photo, for who may see its report: as a picture and nothing else. Http404 for anybody else."""
    found = get_object_or_404(Photo.objects.select_related("entry__report"), pk=pk)
    tenancy_to_see(request, found.entry.report.tenancy_id)
    return HttpResponse(
        bytes(found.content),
        content_type="image/jpeg",
        headers={
            "Content-Disposition": f'inline; filename="photo-{found.pk}.jpg"',
            "Cache-Control": "private, max-age=3600",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


@login_required
@require_GET
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """A photo of a report."""
    return photo_to_see(request, pk)
