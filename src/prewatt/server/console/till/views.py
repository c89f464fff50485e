"""The counter, where a person who pays is found by the flat or the name."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from ...billing.open_debts import creditable
from ...estate.models import Tenancy
from ...web.access import properties
from ...web.tenancy_choice import LONGEST, tenancies_called, the_one

MOST = 12
"""The most tenancies that a search shows."""


@login_required
@require_GET
def till(request: HttpRequest) -> HttpResponse:
    """Find who pays. If a search finds only one tenancy, or a flat with exactly this name, it leads on to the amount."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    here = Tenancy.objects.filter(unit__property__in=properties(request))
    rows = tenancies_called(creditable(here), text, MOST)
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    if htmx:
        return render(request, "console/till/_found.html", {"rows": rows, "q": text})
    tenancy = the_one(rows, text)
    if tenancy is not None:
        return redirect("console:till:take", pk=tenancy.pk)
    return render(request, "console/till/till.html", {"rows": rows, "q": text})
