"""The page of readings that were charged wrongly."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ....kernel.calendar import zone
from ....kernel.units import INT64_MAX
from ...core.amounts import typed_kwh, typed_whole
from ...sales.wrong_readings import put_reading_right, right, wrong_readings
from ...web.access import meter_of_manager, page_of
from ...web.forms import one_of
from ...web.kept import refuse


@login_required
@require_http_methods(["GET", "POST"])
def wrong(request: HttpRequest, pk: int) -> HttpResponse:
    """Show readings that can't be true, as they were charged. One is corrected once a second person agrees."""
    meter, given = meter_of_manager(request, pk=pk), request.POST
    shown = None
    if request.method == "POST":
        try:
            do = one_of(given, "do", ("", "propose"))
            seq = typed_whole(given.get("seq") or "0", "seq", 0, INT64_MAX)
            energy = typed_kwh(given.get("kwh") or "0", "kwh")
            if do == "propose":
                put_reading_right(meter, seq, energy, request.user, given.get("reason", ""))
                messages.success(request, _("A second person has to agree first, under Books."))
                return redirect("console:meters:wrong", pk=pk)
            shown = {
                "seq": seq,
                "kwh": given.get("kwh") or "0",
                "reason": given.get("reason", ""),
                "parts": right(meter, seq, energy),
            }
        except (ValueError, ValidationError) as error:
            refuse(request, error, given.get("seq", "")[:9])
    context = {
        "meter": meter,
        "property": meter.property,
        "zone_info": zone(meter.property.zone),
        "readings": wrong_readings(meter),
        "shown": shown,
        "home": page_of(meter),
    }
    return render(request, "console/meters/wrong_readings.html", context)
