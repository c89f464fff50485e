"""*Read now*: one meter, or all meters of a building, and which have answered."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ....kernel.calendar import zone
from ....kernel.names import natural
from ...estate.models import Property
from ...metering import looks
from ...metering.models import LiveReading, Look, Meter
from ...web.access import property_of_manager, unit_of_manager
from ...web.live import Watched, live_page
from ...web.watching import READINGS

AGAIN = 30
"""Seconds after which the page is worked out again: who has not answered by then counts as silent."""


@dataclass(frozen=True)
class Row:
    """A meter, and what came of asking it. `state`: `answered`; `silent` (it does not answer its gateway); `away` (its
    gateway can't be reached); `waiting`; `none` (nothing came); or empty if it was not asked.
    """

    name: str
    meter: Meter
    live: LiveReading | None
    state: str


@login_required
def readings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all meters of a building, and have them read now."""
    property_ = property_of_manager(request, pk)
    if request.method == "POST":
        looks.ask(Meter.objects.filter(gateway__property=property_))
        return redirect("console:readings:readings", pk=pk)
    watched = Watched((READINGS, (property_.pk,)), AGAIN)
    rows = sorted((_row(meter) for meter in _meters(property_)), key=lambda row: natural(row.name))
    context = {
        "property": property_,
        "rows": rows,
        "where": zone(property_.zone),
        "asked": any(row.state for row in rows),
        "count": {
            state: sum(row.state == state for row in rows)
            for state in ("answered", "silent", "away", "waiting", "none")
        },
    }
    return live_page(request, "console/readings/readings.html", "console/readings/_readings.html", context, watched)


def _meters(property_: Property) -> list[Meter]:
    return list(Meter.objects.filter(gateway__property=property_).select_related("gateway", "unit", "look", "live"))


def _row(meter: Meter) -> Row:
    look: Look | None = getattr(meter, "look", None)
    live: LiveReading | None = getattr(meter, "live", None)
    name = meter.unit.name if meter.unit else f"{meter.name} ({meter.get_role_display()})"
    if look is None or not look.asked_at:
        return Row(name, meter, None, "")
    if live is not None and live.heard_at >= look.asked_at:
        return Row(name, meter, live, "silent" if live.cause else "answered")
    if not meter.gateway.online:
        return Row(name, meter, None, "away")
    return Row(name, meter, None, "waiting" if looks.system_now() - look.asked_at < looks.ASKED_FOR else "none")


@login_required
@require_POST
def read_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Have one meter read now. The reading appears on its page."""
    meter = Meter.objects.filter(unit=unit_of_manager(request, pk)).select_related("gateway").first()
    if meter is None:
        raise Http404
    looks.ask([meter])
    if meter.gateway.online:
        messages.success(request, _("The meter is being read. Its reading appears above as soon as it answers."))
    else:
        messages.warning(request, _("The building is offline. The meter is read when its network is back."))
    return redirect("console:units:unit", pk=pk)
