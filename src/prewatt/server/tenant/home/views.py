"""The tenant's own page: what is left, for how long, how to pay, and the way to all else of the flat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from ....kernel.calendar import zone
from ....kernel.units import DAY
from ...accounts.languages import DAYS
from ...core.time import now
from ...correspondence.notes_shown import notes_for
from ...estate.models import Tenancy
from ...web.access import FLAT, chosen_flat, flats_now, own_tenancies
from ...web.home_figures import figures_of
from ...web.keypad import keypad_panel
from ...web.live import WatchedMeter, live_page
from ...web.pay_figures import how_to_pay, preset

FRESH = 3 * DAY
"""A note is shown at the top of its tenant's page for this long, µs."""

PAY = "pay"
"""The field of an address that leads to the form to pay. It has the amount; if it is empty, the page finds one that is enough."""

AGAIN = 15 * 60
"""Seconds after which the page is worked out again whatever has changed: a day begins, a login may have ended."""


@login_required
@require_GET
def tenancy(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Show the tenant's own page. Before the move-in it shows no meter; after the move-out it leads to the statement."""
    at, flat = now(), _asked(request, tenancy)
    if flat.begins > at:
        # Until the move-in, what the meter shows is somebody else's.
        return render(request, "web/layout/nothing.html", {"moves_in": flat})
    if flat.ends is not None and flat.ends <= at:
        return redirect("tenant:papers:tenancy_statement", pk=flat.pk)
    request.flat_here = flat  # type: ignore[attr-defined]
    answer = _page(request, flat, at)
    if tenancy is not None and request.COOKIES.get(FLAT) != str(flat.pk) and len(flats_now(request)) > 1:
        answer.set_cookie(
            FLAT, str(flat.pk), max_age=DAYS * 86_400, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    return answer


def _asked(request: HttpRequest, tenancy: int | None) -> Tenancy:
    """Return the tenancy whose page is asked for: the one that the address names, else the one where this user lives, has
    lived last, or will live. Raises Http404.
    """
    own = own_tenancies(request)
    if tenancy is not None:
        flat = next((each for each in own if each.pk == tenancy), None)
    else:
        at = now()
        flat = chosen_flat(request) or next((each for each in own if each.begins <= at), own[0] if own else None)
    if flat is None:
        raise Http404
    return flat


def _page(request: HttpRequest, flat: Tenancy, at: int) -> HttpResponse:
    is_lived_in = flat.ends is None or flat.ends > at
    watched = WatchedMeter(flat.unit, AGAIN, flat.pk if is_lived_in else None)
    panel = figures_of(flat, at, watched.meter, watched.meter_present) if watched.meter is not None else None
    context: dict[str, Any] = {
        "unit": flat.unit,
        "tenancy": flat,
        "zone_info": zone(flat.unit.property.zone),
        "panel": panel,
        "keypad": None if panel else keypad_panel(flat, at),
        "manager": False,
        "now": at,
    }
    if not request.htmx:  # type: ignore[attr-defined]
        context |= _beside(request, flat, at, panel is None or panel.inventory.notes)
        has_open = panel is None or panel.inventory.open_payments
        pay = how_to_pay(flat, at, request.user, request.headers.get("User-Agent", ""), has_open)
        if PAY in request.GET:
            pay = replace(pay, preset=preset(flat, request.GET[PAY]))
        context["pay"] = pay
    watched.show(request, panel.figures if panel else None)
    return live_page(request, "tenant/home/home.html", "tenant/home/_now.html", context, watched)


def _beside(request: HttpRequest, flat: Tenancy, at: int, has_notes: bool) -> dict[str, Any]:
    """Return what stands beside the live part, and is not asked for with it: notes, and where this user lived before."""
    notes = notes_for([flat], look=True) if has_notes else []
    # At the top as long as they are new; then they give way.
    fresh = [each for each in notes if each.new or at - each.at < FRESH]
    return {
        "fresh": fresh,
        "earlier": [each for each in notes if each not in fresh],
        "left": [each for each in own_tenancies(request) if each.ends is not None and each.ends <= at],
    }
