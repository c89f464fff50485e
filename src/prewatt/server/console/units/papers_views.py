"""The papers of a unit: the statements of its tenancies."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from .tabs import UnitPage


@login_required
@require_GET
def papers(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the statements of a unit's tenancies, by month."""
    page = UnitPage(request, pk, "papers")
    context = {"tenancies": page.unit.tenancies.order_by("-begins")}
    return page.still("console/units/papers.html", context)
