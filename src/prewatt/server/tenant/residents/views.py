"""The page of the people of one's own flat: who has a login, and an invitation for one more."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ...accounts.invitations import invite_to_flat, revoke
from ...web.access import lives_now
from ...web.invitation_papers import Paper, show_papers
from ...web.kept import say


@login_required
@require_GET
def residents(request: HttpRequest) -> HttpResponse:
    """Show who sees the page of one's own flat."""
    tenancy = lives_now(request)
    context = {
        "tenancy": tenancy,
        "unit": tenancy.unit,
        "where": zone(tenancy.unit.property.zone),
        "residents": tenancy.residents.select_related("user"),
        "open": tenancy.invitations.still_open().filter(made_by=request.user.pk).count(),
    }
    return render(request, "tenant/residents/residents.html", context)


@login_required
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Make an invitation for one more person of the flat, and show it, once."""
    tenancy = lives_now(request)
    try:
        code = invite_to_flat(tenancy, request.user)
    except ValidationError as error:
        say(request, error)
        return redirect("tenant:residents:residents")
    unit = tenancy.unit
    paper = Paper(f"{unit.name}, {unit.property.name}", str(unit.property.organisation), tenancy.tenant, code)
    return show_papers(request, [paper], zone(unit.property.zone))


@login_required
@require_POST
def revoke_invitations(request: HttpRequest) -> HttpResponse:
    """End one's own open invitations."""
    count = revoke(lives_now(request).invitations.still_open().filter(made_by=request.user.pk))
    messages.success(request, _("%(count)d invitations let nobody in any more.") % {"count": count})
    return redirect("tenant:residents:residents")
