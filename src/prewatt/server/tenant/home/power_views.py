"""Why it is dark in a tenant's flat, and what to do, also if the power is on by all that is known."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ...core.time import now
from ...web.access import lives_now
from ...web.dark import explained
from ...web.home_figures import home_figures


@login_required
@require_GET
def power(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Show whether the power is on, why it is not, and what to do. Raises Http404 where no meter reports."""
    flat = lives_now(request, tenancy)
    home = home_figures(flat, now())
    if home is None:
        raise Http404
    figures = home.figures
    context = {
        "unit": flat.unit,
        "tenancy": flat,
        "figures": figures,
        "why": explained(figures.why, figures.facts, reverse("tenant:home:tenancy", args=[flat.pk])),
    }
    return render(request, "tenant/home/power.html", context)
