"""What a tenant used: the chart of a day, a month or a year, by price, and the prices ahead. Its script comes with this page
alone.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ....kernel.calendar import zone
from ...core.time import now
from ...metering.accounts import account_of
from ...metering.models import Meter
from ...statements.by_price import by_price
from ...web.access import lives_now
from ...web.prices import price_outlook
from ...web.use_chart import use_chart


@login_required
@require_GET
def use(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Show what was used since the move-in; to a page that is open, the chart of another period alone."""
    flat, at = lives_now(request, tenancy), now()
    meter = Meter.objects.filter(unit=flat.unit_id).select_related("gateway__property").first()
    if meter is None:
        raise Http404
    address = reverse("tenant:home:use", args=[flat.pk])
    context: dict[str, Any] = {"use": use_chart(request, meter, at, address, address, flat)}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "web/meter/_chart.html", context)
    where, currency = zone(flat.unit.property.zone), flat.unit.property.currency
    context |= {
        "unit": flat.unit,
        "tenancy": flat,
        "where": where,
        "currency": currency,
        "by_price": by_price(flat, at, meter),
        "prices": price_outlook(account_of(meter), at, where, currency),
    }
    return render(request, "tenant/home/use.html", context)
