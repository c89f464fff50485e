"""The manager's first page: all properties, their units, how each stands."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from ...core.time import now
from ...correspondence.models import Report
from ...correspondence.reports import not_done
from ...metering.models import Worker
from ...web.access import organisations
from ...web.figures import property_panels
from ...web.live import live_page

SILENT_WORKER = 20
"""Seconds without a sign of life from the head-end after which the pages say so."""


def _headend_silent() -> bool:
    last = Worker.objects.order_by("-beat_at").first()
    return last is None or (timezone.now() - last.beat_at).total_seconds() > SILENT_WORKER


@login_required
@require_GET
def properties(request: HttpRequest) -> HttpResponse:
    """The manager's page: all properties, their units, how each stands."""
    mine = organisations(request)
    if not mine:
        raise Http404
    reports = not_done(Report.objects.filter(tenancy__unit__property__organisation__in=mine))
    context = {
        "panels": property_panels(mine), "now": now(), "silent": _headend_silent(), "open_reports": reports.count(),
    }  # fmt: skip
    return live_page(request, "console/overview/properties.html", "console/overview/_properties.html", context)
