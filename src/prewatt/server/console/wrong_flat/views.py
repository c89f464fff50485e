"""The page of a payment that was credited to the wrong flat."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ....kernel.calendar import zone
from ....kernel.names import natural
from ...core.time import now
from ...estate.models import Property, Tenancy
from ...payments.wrong_flat import look, move_payment
from ...vending.models import TopUp
from ...vending.refusals import GivingBackError
from ...web.access import properties, row_at
from ...web.kept import refuse, say


def _others(top_up: TopUp, here: QuerySet[Property]) -> list[Tenancy]:
    """Return the tenancies to which a payment may be moved: those of its landlord that are not over, at the properties that the
    login may change, by name.
    """
    others = [
        each
        for each in Tenancy.objects.filter(
            unit__property__in=here, unit__property__organisation=top_up.tenancy.unit.property.organisation_id
        )
        .exclude(pk=top_up.tenancy_id)
        .select_related("unit__property__organisation")
        if each.ends is None or each.ends > now()
    ]
    return sorted(others, key=lambda each: (natural(each.unit.property.name), natural(each.unit.name), each.begins))


@login_required
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what moving a payment to another flat would do, and do it."""
    top_up = row_at(
        request,
        TopUp.objects.select_related("tenancy__unit__property__organisation", "command"),
        "tenancy__unit__property",
        pk=pk,
    )
    property_, typed = top_up.tenancy.unit.property, request.POST
    others = _others(top_up, properties(request))
    try:
        outlook = look(top_up)
    except GivingBackError as error:
        say(request, error)
        return redirect("console:units:money", pk=top_up.tenancy.unit_id)
    if request.method == "POST":
        try:
            to = next((each for each in others if str(each.pk) == typed.get("to")), None)
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
            messages.success(request, _("It is credited to %(who)s.") % {"who": moved.tenancy})
            return redirect("console:units:money", pk=moved.tenancy.unit_id)
        except GivingBackError as error:
            refuse(request, error)
    context = {
        "made": top_up,
        "outlook": outlook,
        "others": others,
        "unit": top_up.tenancy.unit,
        "where": zone(property_.zone),
    }
    return render(
        request, "console/wrong_flat/wrong_flat.html", context, status=400 if request.method == "POST" else 200
    )
