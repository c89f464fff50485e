"""Who has which role in an organisation, and for which of its properties: changed, taken away, or given by an invitation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ....kernel.names import natural
from ...accounts.invitations import DAYS, invite_to_role, revoke
from ...accounts.memberships import Membership, put_member, remove_member
from ...accounts.rights import MEMBER_ROLES, RIGHTS, Right, Role
from ...estate.models import Organisation, Property
from ...notices.languages import ENGLISH
from ...web.access import owner_of, row_of
from ...web.invitation_papers import Paper, show_papers, tell_ended
from ...web.kept import say


@login_required
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Show who has which role, what each role may do, and the form of an invitation."""
    owner = owner_of(request)
    members = owner.memberships.select_related("user").prefetch_related("properties")
    context = {
        "owner": owner,
        "members": [(each, {row.pk for row in each.properties.all()}) for each in members],
        "roles": [(role.value, role.label) for role in MEMBER_ROLES],
        "properties": sorted(owner.properties.all(), key=lambda each: natural(each.name)),
        "table": [(right.label, [right in RIGHTS[role] for role in MEMBER_ROLES]) for right in Right],
        "days": DAYS,
        "open": owner.invitations.still_open().count(),
    }
    return render(request, "console/people/people.html", context)


def _page(owner: Organisation) -> str:
    return f"{reverse('console:people:people')}?organisation={owner.pk}"


def _member(request: HttpRequest, pk: int) -> Membership:
    return row_of(request, Membership.objects.select_related("user", "organisation"), "organisation", pk=pk)


def _chosen(request: HttpRequest, owner: Organisation) -> list[Property]:
    """Return the properties that were chosen; none: all. Raises ValidationError if one is not the organisation's."""
    wanted = set(request.POST.getlist("properties"))
    rows = [each for each in owner.properties.all() if str(each.pk) in wanted]
    if len(rows) != len(wanted):
        raise ValidationError({"properties": _("Choose buildings of this organisation.")})
    return rows


@login_required
@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a member another role, or the role for other properties."""
    member = _member(request, pk)
    owner = member.organisation
    try:
        changed = put_member(owner, member.user, request.POST.get("role", ""), _chosen(request, owner))
    except ValidationError as error:
        say(request, error)
    else:
        said = _("%(name)s is %(role)s now.") % {"name": member.user, "role": changed.get_role_display()}
        messages.success(request, said)
    return _back(request, owner)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a member's role away. The login stays: it may be a tenant's, or have a role elsewhere."""
    member = _member(request, pk)
    try:
        remove_member(member)
    except ValidationError as error:
        say(request, error)
    else:
        said = _("%(name)s no longer has a role here.") % {"name": member.user}
        messages.success(request, said)
    return _back(request, member.organisation)


def _back(request: HttpRequest, owner: Organisation) -> HttpResponse:
    """Return to the page, or, who has just given up their own right to it, to the first page."""
    user: Any = request.user
    kept = (
        user.is_superuser
        or Membership.objects.filter(user=user.pk, organisation=owner, role=Role.OWNER, properties=None).exists()
    )
    return redirect(_page(owner) if kept else "web:home")


@login_required
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Make an invitation to a role, and show its paper, once."""
    owner = owner_of(request)
    role = request.POST.get("role", "")
    try:
        code = invite_to_role(owner, role, request.user, _chosen(request, owner))
    except ValidationError as error:
        say(request, error)
        return redirect(_page(owner))
    paper = Paper(str(Role(role).label), str(owner), "", code, get_language() or ENGLISH)
    return show_papers(request, [paper], zone(owner.home().zone))


@login_required
@require_POST
def revoke_invitations(request: HttpRequest) -> HttpResponse:
    """End all open invitations to a role in the organisation."""
    owner = owner_of(request)
    count = revoke(owner.invitations.still_open())
    tell_ended(request, count)
    return redirect(_page(owner))
