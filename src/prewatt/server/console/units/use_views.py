"""The chart of what a unit used. The overview shows it, and can exchange it for that of another period."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ...core.time import now
from ...estate.models import Unit
from ...metering.models import Meter
from ...web.access import unit_of_manager
from ...web.use_chart import UseChart, use_chart


def chart_of_unit(request: HttpRequest, unit: Unit, meter: Meter) -> UseChart:
    """Return the chart that a request asks for, of all that the unit's meter has measured."""
    page, address = (reverse(f"console:units:{name}", args=[unit.pk]) for name in ("unit", "use"))
    return use_chart(request, meter, now(), page, address)


@login_required
@require_GET
def use(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the chart of another period, to be put into the page that is open."""
    unit = unit_of_manager(request, pk)
    meter: Meter | None = getattr(unit, "meter", None)
    if meter is None:
        raise Http404
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('console:units:unit', args=[pk])}?{request.GET.urlencode()}")
    return render(request, "web/meter/_chart.html", {"use": chart_of_unit(request, unit, meter)})
