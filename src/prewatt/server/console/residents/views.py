"""Who has a login to which flat: invitations on paper, for one flat or for all that have none, and the end of a login's access."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ....kernel.names import natural
from ...accounts.invitations import Invitation, invite_again, invite_to_flat, revoke
from ...core.time import now
from ...estate.models import Property, Tenancy
from ...estate.residents import Resident
from ...tenancies.residents import remove_resident
from ...web.access import property_of_manager, tenancy_of_manager
from ...web.invitation_papers import flat_paper, show_papers, tell_ended
from ...web.kept import say
from ...web.paging import containing, looked_for, page_by_name


def _tenancies(property_: Property) -> QuerySet[Tenancy]:
    """Return the tenancies of a property that are not over, in no order."""
    rows = Tenancy.objects.not_over(now()).filter(unit__property=property_, settled_at__isnull=True)
    return rows.select_related("unit__property__organisation")


@login_required
@require_GET
def residents(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who has a login to which flat of a property."""
    property_ = property_of_manager(request, pk)
    rows = _tenancies(property_)
    text = looked_for(request)
    # A flat has several logins: it is listed once, whichever of them is meant.
    matching = rows.filter(containing(text, ("unit__name", "tenant", "residents__user__username"))).values("pk")
    page = page_by_name(request, rows.filter(pk__in=matching) if text else rows, "unit__name", "begins")
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "page": page,
        "tenancies": people_of(list(page)),
        "without": rows.filter(residents=None).count(),
    }
    return render(request, "console/residents/residents.html", context)


def people_of(tenancies: Collection[Tenancy]) -> list[dict[str, Any]]:
    """Return, for each tenancy, who has a login to it, and how many invitations to it are open."""
    residents: dict[int, list[Resident]] = {}
    for each in Resident.objects.filter(tenancy__in=list(tenancies)).select_related("user"):
        residents.setdefault(each.tenancy_id, []).append(each)
    open_ = Invitation.objects.still_open().filter(tenancy__in=list(tenancies)).order_by()
    counts = dict(open_.values_list("tenancy").annotate(Count("pk")))
    return [
        {"tenancy": each, "residents": residents.get(each.pk, []), "open": counts.get(each.pk, 0)} for each in tenancies
    ]


@login_required
@require_POST
def invite_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a paper for each flat of a property to which nobody has a login, and show them all, once."""
    property_ = property_of_manager(request, pk)
    rows = _tenancies(property_).filter(residents=None)
    without = sorted(rows, key=lambda each: (natural(each.unit.name), each.begins))
    papers = [flat_paper(each, invite_to_flat(each, request.user)) for each in without]
    return show_papers(request, papers, zone(property_.zone))


@login_required
@require_POST
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a paper for one more person of a flat, and show it, once."""
    tenancy = tenancy_of_manager(request, pk)
    try:
        code = invite_to_flat(tenancy, request.user)
    except ValidationError as error:
        say(request, error)
        return redirect("console:units:people", pk=tenancy.unit_id)
    return show_papers(request, [flat_paper(tenancy, code)], zone(tenancy.unit.property.zone))


@login_required
@require_POST
def again(request: HttpRequest, pk: int, resident_pk: int) -> HttpResponse:
    """Make a paper by which somebody who can't log in any more gets in again, and show it, once."""
    tenancy = tenancy_of_manager(request, pk)
    resident = get_object_or_404(tenancy.residents.select_related("user", "tenancy__unit__property"), pk=resident_pk)
    try:
        code = invite_again(resident, request.user)
    except ValidationError as error:
        say(request, error)
        return redirect("console:units:people", pk=tenancy.unit_id)
    return show_papers(request, [flat_paper(tenancy, code, resident.user)], zone(tenancy.unit.property.zone))


@login_required
@require_POST
def revoke_invitations(request: HttpRequest, pk: int) -> HttpResponse:
    """End all open invitations to a flat."""
    tenancy = tenancy_of_manager(request, pk)
    count = revoke(tenancy.invitations.still_open())
    tell_ended(request, count)
    return redirect("console:units:people", pk=tenancy.unit_id)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int, resident_pk: int) -> HttpResponse:
    """End the access of a login to a flat."""
    tenancy = tenancy_of_manager(request, pk)
    resident = get_object_or_404(tenancy.residents.select_related("user", "tenancy"), pk=resident_pk)
    remove_resident(resident)
    said = _("%(name)s can no longer see this flat.") % {"name": resident.user.get_username()}
    messages.success(request, said)
    return redirect("console:units:people", pk=tenancy.unit_id)
