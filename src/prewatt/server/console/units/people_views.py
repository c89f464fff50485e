"""The people of a unit: who lives there, who comes and goes, how they are reached and who has a login."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from ....kernel.calendar import local, zone
from ....kernel.units import MINUTE
from ...notices.languages import language_choices
from ..contacts.views import contact_panels
from ..residents.views import people_of
from .tabs import UnitPage

MINUTES = "%Y-%m-%dT%H:%M"
"""The format of an instant in a browser's field."""


@login_required
@require_GET
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the tenancies of a unit, the latest first, and move people in and out."""
    page = UnitPage(request, pk, "people")
    unit = page.unit
    not_over = list(unit.tenancies.not_over(page.at).select_related("unit__property"))
    clock = zone(unit.property.zone)
    context = {
        # Who has moved in this very minute can end it in the next one: the form knows minutes alone.
        "tenancies": [
            (each, f"{local(max(page.at, each.begins + MINUTE), clock):{MINUTES}}")
            for each in unit.tenancies.order_by("-begins")
        ],
        "contacts": contact_panels(not_over),
        "people_of_unit": people_of(not_over),
        "languages": language_choices(),
        "vacant": page.is_vacant,
        "present": f"{local(page.at, clock):{MINUTES}}",
    }
    return page.still("console/units/people.html", context)
