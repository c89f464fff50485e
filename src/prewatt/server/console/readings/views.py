"""*Read now*: one meter, or all meters of a building, and which have answered."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ....kernel.calendar import zone
from ...core.time import system_now
from ...metering import looks
from ...metering.models import Meter
from ...web.access import property_of_manager, unit_of_manager
from ...web.live import Watched, live_page
from ...web.paging import containing, looked_for, page_by_name
from ...web.watching import READINGS

AGAIN = 30
"""Seconds after which the page is worked out again: who has not answered by then counts as silent."""


STATES = ("answered", "silent", "away", "waiting", "none")
"""What came of asking a meter: it has answered; it does not answer its gateway; its gateway can't be reached; the answer is still
to come; nothing came. A meter that was not asked has none of them.
"""


@login_required
def readings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the meters of a building, and have all of them read now."""
    property_ = property_of_manager(request, pk)
    if request.method == "POST":
        looks.ask(Meter.objects.filter(gateway__property=property_))
        return redirect("console:readings:readings", pk=pk)
    meters = _with_states(Meter.objects.filter(gateway__property=property_))
    counts = dict(meters.order_by().values_list("state").annotate(Count("pk")))
    matching = meters.filter(containing(looked_for(request), ("unit__name", "name", "serial")))
    context = {
        "property": property_,
        "page": page_by_name(request, matching.select_related("unit", "live").prefetch_related("gateway"), "called"),
        "zone_info": zone(property_.zone),
        "asked": any(counts.get(state) for state in STATES),
        "all": sum(counts.values()),
        "count": {state: counts.get(state, 0) for state in STATES},
    }
    watched = Watched((READINGS, (property_.pk,)), AGAIN)
    return live_page(request, "console/readings/readings.html", "console/readings/_readings.html", context, watched)


def _with_states(meters: QuerySet[Meter]) -> QuerySet[Any]:
    """Return meters with the `state` of what came of asking each, empty if it was not asked, and what each is `called`."""
    too_late = system_now() - looks.ASKED_FOR
    state = Case(
        When(Q(look=None) | Q(look__asked_at=None) | Q(look__asked_at=0), then=Value("")),
        When(Q(live__heard_at__gte=F("look__asked_at")) & ~Q(live__cause=""), then=Value("silent")),
        When(live__heard_at__gte=F("look__asked_at"), then=Value("answered")),
        When(gateway__is_online=False, then=Value("away")),
        When(look__asked_at__gt=too_late, then=Value("waiting")),
        default=Value("none"),
    )
    return meters.annotate(state=state, called=Coalesce("unit__name", "name"))


@login_required
@require_POST
def read_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Have one meter read now. The reading appears on its page."""
    meter = Meter.objects.filter(unit=unit_of_manager(request, pk)).select_related("gateway").first()
    if meter is None:
        raise Http404
    looks.ask([meter])
    if meter.gateway.is_online:
        messages.success(request, _("The meter is being read. Its reading appears above as soon as it answers."))
    else:
        messages.warning(request, _("The building is offline. The meter is read when its network is back."))
    return redirect("console:units:unit", pk=pk)
