"""Moving in, moving out and settling, from the unit's page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ...core.amounts import typed_money, typed_whole
from ...estate.models import MOST_OCCUPANTS, Tenancy
from ...estate.wall_clock import wall_clock
from ...tenancies.moving import move_in, move_out, settle
from ...vending.keypads import keypad_of
from ...web.access import tenancy_to_see, unit_of_manager
from ...web.kept import refuse, say
from ...web.sure import ask_about
from ..contacts.views import typed_contact


@login_required
@require_POST
def add_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a move-in. The tenant gets in by an invitation that is printed from the unit's page."""
    unit = unit_of_manager(request, pk)
    typed = request.POST
    try:
        begins = wall_clock(typed.get("begins", ""), unit.property, "begins")
        currency = unit.property.currency
        deposit = typed_money(typed["deposit"], "deposit", currency) if typed.get("deposit") else 0
        occupants = typed_whole(typed.get("occupants") or "1", "occupants", 0, MOST_OCCUPANTS)
        tenant = typed.get("tenant", "").strip()
        contact = typed_contact(request, unit.property)
        asked = ask_about(
            request, unit, tenant, deposit, _("Deposit received"), reverse("console:units:people", args=[pk])
        )
        if asked is not None:
            return asked
        move_in(unit, tenant, begins, occupants=occupants, deposit=deposit, contact=contact)
    except ValidationError as error:
        refuse(request, error)
    else:
        text = _("%(tenant)s moves in. Print an invitation below, and hand it over.")
        messages.success(request, text % {"tenant": tenant})
    return redirect("console:units:people", pk=pk)


@login_required
@require_POST
def end_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the tenant moves out."""
    tenancy = _of_manager(request, pk)
    try:
        move_out(tenancy, wall_clock(request.POST.get("ends", ""), tenancy.unit.property, "ends"))
    except ValidationError as error:
        refuse(request, error, labels={"ends": _("Moves out at")})
    else:
        messages.success(request, _recorded(tenancy))
    return redirect("console:units:people", pk=tenancy.unit_id)


def _recorded(tenancy: Tenancy) -> str:
    """Return what is said of a move-out that was recorded."""
    if keypad_of(tenancy.unit_id) is not None:
        return _(
            "Recorded. The account is settled as soon as a reading of the keypad meter of that day, or later, is typed, with "
            "what is left on it."
        )
    return _("Recorded. The account is settled as soon as the meter has reported up to that time.")


@login_required
@require_POST
def settle_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """Close at once the account of a tenant who has moved out."""
    tenancy = _of_manager(request, pk)
    try:
        settle(tenancy)
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, _("The account is settled."))
    return redirect("console:units:people", pk=tenancy.unit_id)


def _of_manager(request: HttpRequest, pk: int) -> Tenancy:
    tenancy, manager = tenancy_to_see(request, pk)
    if not manager:
        raise Http404
    return tenancy
