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
from ....kernel.tariff import Tariff
from ....kernel.units import Micro
from ...core import local_forms
from ...core.time import now
from ...estate.models import Property
from ...metering.accounts import account_of
from ...metering.models import Meter
from ...statements.by_price import by_price
from ...web.access import lives_now
from ...web.prices import price_outlook
from ...web.use_chart import use_chart

MOST_TARIFFS = 4
"""The most tariffs that are shown: the one in force and the next ones. More than these are dated prices, which have a list."""


@login_required
@require_GET
def use(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Show what was used since the move-in; if htmx asks, only the chart of another period. Raises Http404 without a meter."""
    flat, at = lives_now(request, tenancy), now()
    meter = Meter.objects.filter(unit=flat.unit_id).select_related("gateway__property").first()
    if meter is None:
        raise Http404
    address = reverse("tenant:home:use", args=[flat.pk])
    context: dict[str, Any] = {"use": use_chart(request, meter, at, address, address, flat)}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "web/meter/_chart.html", context)
    zone_info, currency = zone(flat.unit.property.zone), flat.unit.property.currency
    context |= {
        "unit": flat.unit,
        "tenancy": flat,
        "zone_info": zone_info,
        "currency": currency,
        "by_price": by_price(flat, at, meter),
        "prices": price_outlook(account_of(meter), at, zone_info, currency),
        "tariffs": _tariffs(flat.unit.property, at),
    }
    return render(request, "tenant/home/use.html", context)


def _tariffs(property_: Property, at: int) -> list[dict[str, Any]]:
    """Return the tariff in force, and the next ones ahead."""
    versions = property_.tariff_versions.in_force(at)
    return [
        {
            "name": each.tariff.name,
            "begins": each.effective_at if each.effective_at > at else None,
            "prices": [local_forms.price(price) for price in _between(each.tariff.kernel())],
        }
        for each in versions[:MOST_TARIFFS]
    ]


def _between(tariff: Tariff) -> list[Micro]:
    """Return the lowest and the highest price of a tariff; one if all are the same."""
    prices = sorted({price for rate in tariff.rates for price in rate.prices})
    return prices if len(prices) == 1 else [prices[0], prices[-1]]
