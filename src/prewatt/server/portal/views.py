"""The first pages: of a manager's properties, of a unit, of a tenant."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ...kernel.calendar import zone
from ...kernel.units import DAY
from ..billing.by_price import by_price
from ..correspondence.models import Report
from ..correspondence.notes import notes_for
from ..correspondence.reports import not_done
from ..estate.models import Tenancy, Unit
from ..metering.models import Worker
from ..notices.models import Recipient
from ..payments.bank import reference
from ..payments.models import Payment
from ..payments.staff import record
from ..payments.ways import ways_in_browser
from ..time import now
from ..vending.controls import order_choices, ordered
from ..vending.exchanges import foreign_serial, waiting_exchange
from ..vending.order_codes import waiting_codes
from ..vending.top_ups import TopUpError, check_amount, new_credit_id
from .access import organisations, unit_of_manager
from .contact_views import contact_panels
from .figures import happenings, meter_figures, property_panels, tenancy_panel
from .forms import TopUpForm
from .kept import refuse
from .live import live_page
from .looking import MANAGER_AGAIN, TENANT_AGAIN, present_of, shown
from .safety import measured
from .safety_views import own_rules
from .sure import ask_about

FRESH = 3 * DAY
"""So long a note stands at the top of its tenant's page, µs."""
SILENT_WORKER = 20
"""Seconds without a sign of life from the head-end after which the pages say so."""


def _headend_silent() -> bool:
    last = Worker.objects.order_by("-beat").first()
    return last is None or (timezone.now() - last.beat).total_seconds() > SILENT_WORKER


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """To the page that is this user's."""
    user: Any = request.user
    if organisations(request):
        return redirect("properties")
    if user.tenancies.exists():
        return redirect("tenancy")
    return redirect("admin:index") if user.is_staff else render(request, "portal/nothing.html")


@login_required
@require_GET
def properties(request: HttpRequest) -> HttpResponse:
    """The manager's page: all properties, their units, how each stands."""
    mine = organisations(request)
    if not mine:
        raise Http404
    reports = not_done(Report.objects.filter(tenancy__unit__property__organisation__in=mine))
    context = {
        "panels": property_panels(mine), "now": now(), "silent": _headend_silent(), "open_reports": reports.count(),
    }  # fmt: skip
    return live_page(request, "portal/properties.html", "portal/_properties.html", context)


def _open_tenancy(unit: Unit) -> Tenancy | None:
    """Who lives in a unit now, or moves in or out soon."""
    return unit.tenancies.not_over(now()).select_related("unit__property").first()


@login_required
@require_GET
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit, for its manager: what the tenant sees, with a form to record a payment."""
    where = unit_of_manager(request, pk)
    tenant, at = _open_tenancy(where), now()
    present = present_of(where)
    panel = tenancy_panel(tenant, at) if tenant else None
    meter = getattr(where, "meter", None)
    vacant = meter_figures(meter, at) if meter and (tenant is None or tenant.begins > at) else None
    alarms = (
        list(where.meter.alarms.filter(settled=False).order_by("-at", "-pk")[:20]) if hasattr(where, "meter") else []
    )
    context = {
        "unit": where,
        "panel": panel,
        "vacant": vacant,
        "alarms": alarms,
        "orders": ordered(meter) if meter else [],
        "order_choices": order_choices(),
        "codes": waiting_codes(meter) if meter else [],
        "events": happenings(meter) if meter else [],
        "measured": measured(meter) if meter else None,
        "own_rules": own_rules(request, meter) if meter else None,
        "manager": True,
        "tenancies": where.tenancies.order_by("-begins"),
        "contacts": contact_panels(where.tenancies.not_over(at).select_related("unit__property")),
        "languages": Recipient.Language.choices,
        "where": zone(where.property.zone),
        "credit_id": new_credit_id(),
        "reference": reference(tenant) if tenant else "",
        "meter": meter,
        "waiting_exchange": waiting_exchange(where.meter) if hasattr(where, "meter") else None,
        "foreign": foreign_serial(where.meter) if hasattr(where, "meter") else "",
        "payments": tenant.payments.select_related("merchant")[:8] if tenant else [],
        "reports": not_done(Report.objects.filter(tenancy__unit=where).select_related("tenancy__unit__property")),
        "now": at,
    }
    live = shown(request, present, where.property, MANAGER_AGAIN, panel)
    return live_page(request, "portal/unit.html", "portal/_tenancy.html", context, live)


@login_required
@require_POST
def add_top_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Record money that was received for a unit. Sent twice (a second click, a reload) it is still one top-up."""
    where = unit_of_manager(request, pk)
    tenant = _open_tenancy(where)
    if tenant is None:
        raise Http404
    form = TopUpForm(where.property.currency, request.POST)
    if not form.is_valid():
        refuse(request, ValidationError(form.errors.as_data()))  # type: ignore[arg-type]
        return redirect("unit", pk=pk)
    typed = form.cleaned_data
    back = reverse("unit", args=[pk])
    try:
        check_amount(typed["amount"], where.property.currency)
        asked = ask_about(request, where, tenant.tenant, typed["amount"], _("Payment received"), back)
        if asked is not None:
            return asked
        record(tenant, typed["amount"], typed["credit_id"], request.user, typed["note"], typed["way"] or "cash")
    except TopUpError as error:
        refuse(request, error)
    else:
        messages.success(request, _("The payment is recorded and on its way to the meter."))
    return redirect("unit", pk=pk)


@login_required
@require_GET
def tenancy(request: HttpRequest) -> HttpResponse:
    """The tenant's page."""
    user: Any = request.user
    at = now()
    tenancies = user.tenancies.select_related("unit__property__organisation").order_by("-begins")
    if not tenancies:
        raise Http404
    mine = next((each for each in tenancies if each.begins <= at), None)
    if mine is None:
        # Until the move-in, what the meter shows is somebody else's.
        return render(request, "portal/nothing.html", {"moves_in": tenancies[0]})
    if mine.ends is not None and mine.ends <= at:
        return redirect("statement", pk=mine.pk)
    where = zone(mine.unit.property.zone)
    present = present_of(mine.unit)
    panel = tenancy_panel(mine, at)
    notes = notes_for([mine], look=True)
    shares = mine.shares.select_related("run__shared_cost").order_by("-run__made", "-pk")[:8]
    context = {
        "unit": mine.unit,
        "shares": shares,
        # At the top as long as they are new; then they give way to the power.
        "fresh": [each for each in notes if each.new or at - each.at < FRESH],
        "earlier": [each for each in notes if not (each.new or at - each.at < FRESH)],
        "where": where,
        "panel": panel,
        # Stands beside the live part, and is not asked for with it.
        "by_price": None if request.htmx else by_price(mine, at),  # type: ignore[attr-defined]
        "codes": waiting_codes(panel.figures.meter, tenants=True) if panel else [],
        "ways": ways_in_browser(mine, request.headers.get("User-Agent", "")),
        "reference": reference(mine),
        "asked": new_credit_id(),
        "open": mine.payments.filter(state=Payment.State.OPEN, expires__gt=at).select_related("merchant")[:3],
        "manager": False,
        "now": at,
    }
    live = shown(request, present, mine.unit.property, TENANT_AGAIN, panel)
    return live_page(request, "portal/tenancy.html", "portal/_tenancy.html", context, live)
