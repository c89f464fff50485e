"""The people of a unit: who lives there, who comes and goes, how they are reached and who has a login."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from ....kernel.calendar import local, zone
from ...notices.languages import language_choices
from ..contacts.views import contact_panels
from ..residents.views import people_of
from .tabs import UnitPage


@login_required
@require_GET
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the tenancies of a unit, the latest first, and move people in and out."""
    page = UnitPage(request, pk, "people")
    unit = page.unit
    not_over = list(unit.tenancies.not_over(page.at).select_related("unit__property"))
    context = {
        "tenancies": unit.tenancies.order_by("-begins"),
        "contacts": contact_panels(not_over),
        "people_of_unit": people_of(not_over),
        "languages": language_choices(),
        "vacant": page.is_vacant,
        "present": f"{local(page.at, zone(unit.property.zone)):%Y-%m-%dT%H:%M}",
    }
    return page.still("console/units/people.html", context)
