"""The chart of what a tenant used, which their page shows and exchanges."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ...core.time import now
from ...estate.models import Tenancy
from ...metering.models import Meter
from ...web.access import lives_now
from ...web.use_chart import UseChart, use_chart


def chart_of_tenancy(request: HttpRequest, tenancy: Tenancy, meter: Meter | None) -> UseChart | None:
    """Return the chart that a request asks for, of what was used since the move-in; None if the flat has no meter (`meter`)."""
    if meter is None:
        return None
    return use_chart(request, meter, now(), reverse("tenant:home:tenancy"), reverse("tenant:home:use"), tenancy)


@login_required
@require_GET
def use(request: HttpRequest) -> HttpResponse:
    """Return the chart of another period, to be put into the page that is open."""
    tenancy = lives_now(request)
    meter = Meter.objects.filter(unit=tenancy.unit_id).select_related("gateway__property").first()
    chart = chart_of_tenancy(request, tenancy, meter)
    if chart is None:
        raise Http404
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('tenant:home:tenancy')}?{request.GET.urlencode()}")
    return render(request, "web/meter/_chart.html", {"use": chart})
