"""The manager's first page: all properties, their units, and how each stands."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from ...core.time import now
from ...correspondence.models import Report
from ...correspondence.reports import not_done
from ...estate.models import Unit
from ...metering.models import Worker
from ...web.access import properties as allowed
from ...web.access import rights_at
from ...web.figures import property_panels
from ...web.live import Watched, live_page, often_with
from ...web.watching import PROPERTIES

AGAIN = 60
"""Seconds after which the page is worked out again whatever is known to have changed."""
SILENT_WORKER = 20
"""The pages say that the head-end is silent after this time without a sign of life, s."""


def _headend_silent() -> bool:
    last = Worker.objects.order_by("-beat_at").first()
    return last is None or (timezone.now() - last.beat_at).total_seconds() > SILENT_WORKER


@login_required
@require_GET
def properties(request: HttpRequest) -> HttpResponse:
    """Show all properties that the manager has, their units, and how each stands."""
    buildings = allowed(request)
    shown = tuple(buildings.order_by("pk").values_list("pk", flat=True))
    watched = Watched((PROPERTIES, shown), AGAIN, often_with(Unit.objects.filter(property__in=shown).count()))
    reports = not_done(Report.objects.filter(tenancy__unit__property__in=buildings))
    context = {
        "panels": [(each, rights_at(request, each.building)) for each in property_panels(buildings)],
        "now": now(),
        "silent": _headend_silent(),
        "open_reports": reports.count(),
    }
    return live_page(request, "console/overview/properties.html", "console/overview/_properties.html", context, watched)
