"""The switch of a unit: orders to its meter, its limits, and its own rules."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from ...vending.exchanges import foreign_serial, waiting_exchange
from ...vending.given_orders import ordered
from ...vending.order_codes import waiting_codes
from ...web.figures import meter_figures
from ..meter_rules.views import own_rules
from ..orders.choices import order_choices
from .tabs import UnitPage


@login_required
@require_GET
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show whether a unit is on and what was ordered, and give an order."""
    page = UnitPage(request, pk, "switch")
    meter = page.meter
    context = {
        "figures": page.seen(meter_figures(meter, page.at)) if meter else None,
        "vacant": meter is not None and page.is_vacant,
        "order_choices": order_choices(page.rights),
        "orders": ordered(meter) if meter else [],
        "codes": waiting_codes(meter) if meter else [],
        "own_rules": own_rules(request, meter) if meter else None,
        "waiting_exchange": waiting_exchange(meter) if meter else None,
        "foreign": foreign_serial(meter) if meter else "",
    }
    return page.live("console/units/switch.html", "console/units/_switch_now.html", context)
