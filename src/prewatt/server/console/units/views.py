"""The page of a unit, for its manager."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ...billing.models import DebtPayment
from ...core.time import now
from ...correspondence.models import Report
from ...correspondence.reports import not_done
from ...estate.models import Tenancy, Unit
from ...metering.models import Meter
from ...notices.languages import language_choices
from ...payments.bank import reference
from ...payments.staff import record
from ...vending.controls import order_choices, ordered
from ...vending.exchanges import foreign_serial, waiting_exchange
from ...vending.models import TopUp
from ...vending.order_codes import waiting_codes
from ...vending.paid_amounts import check_amount, new_credit_id
from ...vending.refusals import TopUpError
from ...web.access import unit_of_manager
from ...web.figures import meter_figures, tenancy_panel
from ...web.forms import TopUpForm
from ...web.happenings import happenings
from ...web.kept import refuse
from ...web.keypad import keypad_panel
from ...web.live import WatchedMeter, live_page
from ...web.safety import measured
from ...web.sure import ask_about
from ..contacts.views import contact_panels
from ..meter_rules.views import own_rules
from ..residents.views import people_of

AGAIN = 60
"""Seconds after which the page is worked out again whatever is known to have changed."""


def _open_tenancy(unit: Unit) -> Tenancy | None:
    """Return the tenancy of a unit now; if nobody lives there, the next one."""
    return unit.tenancies.not_over(now()).select_related("unit__property").first()


@login_required
@require_GET
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a unit: what the tenant sees, and what the manager can do."""
    unit_ = unit_of_manager(request, pk)
    tenant, at = _open_tenancy(unit_), now()
    watched = WatchedMeter(unit_, AGAIN)
    panel = tenancy_panel(tenant, at) if tenant else None
    meter = getattr(unit_, "meter", None)
    vacant = meter_figures(meter, at) if meter and (tenant is None or tenant.begins > at) else None
    context = {
        "unit": unit_,
        "panel": panel,
        "keypad": keypad_panel(tenant, at) if tenant and panel is None else None,
        "vacant": vacant,
        "meter": meter,
        **(_of_meter(request, meter) if meter else WITHOUT_METER),
        "order_choices": order_choices(),
        "manager": True,
        "tenancies": unit_.tenancies.order_by("-begins"),
        "contacts": contact_panels(unit_.tenancies.not_over(at).select_related("unit__property")),
        "people_of_unit": [people_of(each) for each in unit_.tenancies.not_over(at)],
        "languages": language_choices(),
        "where": zone(unit_.property.zone),
        "credit_id": new_credit_id(),
        "reference": reference(tenant) if tenant else "",
        "payments": tenant.payments.select_related("merchant")[:8] if tenant else [],
        "reports": not_done(Report.objects.filter(tenancy__unit=unit_).select_related("tenancy__unit__property")),
        "now": at,
    }
    watched.show(request, panel)
    return live_page(request, "console/units/unit.html", "web/meter/_tenancy.html", context, watched)


def _of_meter(request: HttpRequest, meter: Meter) -> dict[str, Any]:
    """Return what the page shows of the unit's meter."""
    return {
        "alarms": list(meter.alarms.filter(is_resolved=False).order_by("-at", "-pk")[:20]),
        "orders": ordered(meter),
        "codes": waiting_codes(meter),
        "events": happenings(meter),
        "measured": measured(meter),
        "own_rules": own_rules(request, meter),
        "waiting_exchange": waiting_exchange(meter),
        "foreign": foreign_serial(meter),
    }


WITHOUT_METER: dict[str, Any] = {
    "alarms": [],
    "orders": [],
    "codes": [],
    "events": [],
    "measured": None,
    "own_rules": None,
    "waiting_exchange": None,
    "foreign": "",
}


def _recorded(payment: TopUp | DebtPayment) -> str:
    """Return what is said of a payment that was recorded."""
    if not isinstance(payment, TopUp) or payment.command is not None:
        return _("The payment is recorded and on its way to the meter.")
    if payment.code is None:
        return _("The payment is recorded. It buys no code now, and is kept as credit for the next one.")
    return _("The payment is recorded. Its code: %(code)s") % {"code": payment.code}


@login_required
@require_POST
def add_top_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Record money that was received for a unit. Sent twice (a second click, a reload), it is one top-up."""
    unit_ = unit_of_manager(request, pk)
    tenant = _open_tenancy(unit_)
    if tenant is None:
        raise Http404
    form = TopUpForm(unit_.property.currency, request.POST)
    if not form.is_valid():
        refuse(request, ValidationError(form.errors.as_data()))  # type: ignore[arg-type]
        return redirect("console:units:unit", pk=pk)
    typed = form.cleaned_data
    back = reverse("console:units:unit", args=[pk])
    try:
        check_amount(typed["amount"], unit_.property.currency)
        asked = ask_about(request, unit_, tenant.tenant, typed["amount"], _("Payment received"), back)
        if asked is not None:
            return asked
        payment = record(
            tenant, typed["amount"], typed["credit_id"], request.user, typed["note"], typed["way"] or "cash"
        )
    except TopUpError as error:
        refuse(request, error)
    else:
        messages.success(request, _recorded(payment))
    return redirect("console:units:unit", pk=pk)
