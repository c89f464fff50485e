"""The tenant's own page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from ....kernel.calendar import zone
from ....kernel.units import DAY
from ...accounts.tenants import tenancies_of_login
from ...core.time import now
from ...correspondence.notes import notes_for
from ...payments.bank import reference
from ...payments.models import Payment
from ...payments.ways import ways_in_browser
from ...statements.by_price import by_price
from ...vending.order_codes import waiting_codes
from ...vending.paid_amounts import new_credit_id
from ...web.figures import tenancy_panel
from ...web.keypad import keypad_panel
from ...web.live import WatchedMeter, live_page
from .use_views import chart_of_tenancy

FRESH = 3 * DAY
"""A note is shown at the top of its tenant's page for this long, µs."""

AGAIN = 15 * 60
"""Seconds after which the page is worked out again whatever has changed: a day begins, a login may have ended."""


@login_required
@require_GET
def tenancy(request: HttpRequest) -> HttpResponse:
    """Show the tenant's own page. Before the move-in it shows no meter; after the move-out it leads to the statement."""
    at = now()
    tenancies = tenancies_of_login(request.user).order_by("-begins")
    if not tenancies:
        raise Http404
    present_tenancy = next((each for each in tenancies if each.begins <= at), None)
    if present_tenancy is None:
        # Until the move-in, what the meter shows is somebody else's.
        return render(request, "web/layout/nothing.html", {"moves_in": tenancies[0]})
    if present_tenancy.ends is not None and present_tenancy.ends <= at:
        return redirect("tenant:papers:tenancy_statement", pk=present_tenancy.pk)
    where = zone(present_tenancy.unit.property.zone)
    watched = WatchedMeter(present_tenancy.unit, AGAIN)
    panel = tenancy_panel(present_tenancy, at, watched.meter)
    notes = notes_for([present_tenancy], look=True)
    shares = present_tenancy.shares.select_related("run__shared_cost").order_by("-run__made_at", "-pk")[:8]
    fresh = [each for each in notes if each.new or at - each.at < FRESH]
    context = {
        "unit": present_tenancy.unit,
        "tenancy_pk": present_tenancy.pk,
        "shares": shares,
        # At the top as long as they are new; then they give way to the power.
        "fresh": fresh,
        "earlier": [each for each in notes if each not in fresh],
        "where": where,
        "panel": panel,
        "keypad": None if panel else keypad_panel(present_tenancy, at),
        # Stands beside the live part, and is not asked for with it.
        "use": chart_of_tenancy(request, present_tenancy, watched.meter) if panel and not request.htmx else None,  # type: ignore[attr-defined]
        "by_price": None if request.htmx else by_price(present_tenancy, at, watched.meter),  # type: ignore[attr-defined]
        "codes": waiting_codes(panel.figures.meter, tenants=True) if panel else [],
        "ways": ways_in_browser(present_tenancy, request.headers.get("User-Agent", "")),
        "reference": reference(present_tenancy),
        "asked": new_credit_id(),
        "open": present_tenancy.payments.filter(state=Payment.State.OPEN, expires_at__gt=at).select_related("merchant")[
            :3
        ],
        "manager": False,
        "now": at,
    }
    watched.show(request, panel)
    return live_page(request, "tenant/home/tenancy.html", "web/meter/_tenancy.html", context, watched)
