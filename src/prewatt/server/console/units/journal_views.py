"""The journal of a unit's meter: what happened, what was ordered, and what was read."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from ...metering.models import JournalEntry
from ...vending.given_orders import ordered
from ...web.happenings import happenings
from .tabs import UnitPage

READINGS = 24
"""The last readings that are shown."""
HAPPENINGS = 40


@login_required
@require_GET
def journal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what happened at a unit's meter, the latest first."""
    page = UnitPage(request, pk, "journal")
    meter = page.meter
    readings = JournalEntry.objects.filter(meter=meter, register__isnull=False).order_by("-seq") if meter else None
    context = {
        "events": happenings(meter, HAPPENINGS) if meter else [],
        "orders": ordered(meter) if meter else [],
        "readings": readings.defer("body", "hash")[:READINGS] if readings is not None else [],
    }
    return page.live("console/units/journal.html", "console/units/_journal.html", context)
