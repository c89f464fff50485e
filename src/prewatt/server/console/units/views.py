"""The overview of a unit: how it stands, why, and what there is to do."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from ...correspondence.models import Report
from ...correspondence.reports import not_done
from ...estate.models import Unit
from ...metering.models import Alarm, Meter
from ...vending.order_codes import Waiting, waiting_codes
from ...web.figures import meter_figures
from ...web.inventory import Inventory
from ...web.keypad import keypad_panel
from ...web.safety import measured
from .tabs import UnitPage
from .to_do import to_do
from .use_views import chart_of_unit


@login_required
@require_GET
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a unit stands: what the tenant sees, why it is so, and what the manager can do about it."""
    page = UnitPage(request, pk, "unit")
    unit_, meter, panel = page.unit, page.meter, page.panel
    vacant = meter_figures(meter, page.at) if meter and page.is_vacant else None
    # Without a panel nobody has asked yet what there is.
    there = panel.inventory if panel else None
    context = {
        "panel": panel,
        "keypad": keypad_panel(page.tenant, page.at) if page.tenant and panel is None else None,
        "vacant": vacant,
        "alarms": _alarms(meter, there),
        "codes": _codes(meter, there),
        "measured": measured(meter) if meter else None,
        # Stands beside the live part, and is not asked for with it.
        "use": chart_of_unit(request, unit_, meter) if meter and not request.htmx else None,  # type: ignore[attr-defined]
        "to_do": to_do(page, vacant),
        "reports": _reports(unit_, there),
    }
    return page.live("console/units/unit.html", "console/units/_unit.html", context)


def _alarms(meter: Meter | None, there: Inventory | None) -> list[Alarm]:
    if meter is None or (there is not None and not there.alarms):
        return []
    return list(meter.alarms.filter(is_resolved=False).order_by("-at", "-pk")[:20])


def _codes(meter: Meter | None, there: Inventory | None) -> list[Waiting]:
    if meter is None or (there is not None and not there.commands):
        return []
    return waiting_codes(meter)


def _reports(unit_: Unit, there: Inventory | None) -> QuerySet[Report]:
    if there is not None and not there.reports:
        return Report.objects.none()
    return not_done(Report.objects.filter(tenancy__unit=unit_).select_related("tenancy__unit__property"))
