"""The page of a payment that was credited to the wrong flat."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ....kernel.calendar import zone
from ...core.time import now
from ...estate.models import Property, Tenancy
from ...payments.wrong_flat import look, move_payment
from ...vending.models import TopUp
from ...vending.refusals import GivingBackError
from ...web.access import properties, row_at
from ...web.kept import Unclear, refuse, say
from ...web.tenancy_choice import chosen_tenancy, offered


def _others(top_up: TopUp, here: QuerySet[Property]) -> QuerySet[Tenancy]:
    """Return the tenancies to which a payment may be moved: those of its landlord that are not over, at the properties that the
    login may change.
    """
    owner = top_up.tenancy.unit.property.organisation_id
    rows = Tenancy.objects.not_over(now()).filter(unit__property__in=here, unit__property__organisation=owner)
    return rows.exclude(pk=top_up.tenancy_id).select_related("unit__property__organisation")


def _top_up(request: HttpRequest, pk: int) -> TopUp:
    rows = TopUp.objects.select_related("tenancy__unit__property__organisation", "command")
    return row_at(request, rows, "tenancy__unit__property", pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what moving a payment to another flat would do, and do it."""
    top_up = _top_up(request, pk)
    property_, typed = top_up.tenancy.unit.property, request.POST
    others = _others(top_up, properties(request))
    try:
        outlook = look(top_up)
    except GivingBackError as error:
        say(request, error)
        return redirect("console:units:money", pk=top_up.tenancy.unit_id)
    to: Tenancy | None = None
    if request.method == "POST":
        try:
            to = chosen_tenancy(request, others, "to")
            if to is None:
                raise GivingBackError(_("Choose the right tenant."), "to")
            if outlook.used and typed.get("used") not in ("debt", "gift"):
                raise GivingBackError(_("Choose what happens to the part that was used."), "used")
            moved = move_payment(
                top_up,
                to,
                request.user,
                typed.get("reason", ""),
                gift=typed.get("used") == "gift",
                as_known="as_known" in typed,
            )
            messages.success(request, _("The payment is credited to %(who)s.") % {"who": moved.tenancy})
            return redirect("console:units:money", pk=moved.tenancy.unit_id)
        except (GivingBackError, Unclear) as error:
            refuse(request, error)
    context = {
        "top_up": top_up,
        "to": to,
        "outlook": outlook,
        "unit": top_up.tenancy.unit,
        "zone_info": zone(property_.zone),
    }
    return render(
        request, "console/wrong_flat/wrong_flat.html", context, status=400 if request.method == "POST" else 200
    )


@login_required
@require_GET
def tenancies(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the tenants to whom a payment may be moved and who fit what is being typed."""
    return offered(request, _others(_top_up(request, pk), properties(request)))
