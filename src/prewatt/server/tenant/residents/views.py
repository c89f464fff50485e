"""The page of the people of one's own flat: who has a login, an invitation for one more, and the end of somebody's access."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ...accounts.invitations import invite_to_flat, revoke
from ...estate.models import Tenancy
from ...notices.languages import ENGLISH
from ...tenancies.residents import (
    LONGEST_NAME,
    check_may_remove,
    choose_name,
    end_access_by,
    main_resident,
)
from ...web.access import lives_now
from ...web.invitation_papers import Paper, show_papers, tell_ended
from ...web.kept import refuse, say
from ...web.payers import shown_name
from ...web.sure import Act, ask_whether


def _page(flat: Tenancy) -> str:
    return reverse("tenant:residents:residents", args=[flat.pk])


@login_required
@require_GET
def residents(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Show who sees the page of one's own flat."""
    flat, user = lives_now(request, tenancy), request.user
    main, people = main_resident(flat), list(flat.residents.select_related("user"))
    context = {
        "tenancy": flat,
        "unit": flat.unit,
        "zone_info": zone(flat.unit.property.zone),
        "residents": [
            {
                "pk": each.pk,
                "name": shown_name(each.user),
                "login": each.user.get_username(),
                "since": each.since,
                "is_main": main is not None and each.pk == main.pk,
                "is_own": each.user_id == user.pk,
            }
            for each in people
        ],
        "is_main": main is not None and main.user_id == user.pk,
        "open": flat.invitations.still_open().filter(made_by=user.pk).count(),
        "name": getattr(user, "first_name", ""),
        "longest": LONGEST_NAME,
    }
    return render(request, "tenant/residents/residents.html", context)


@login_required
@require_POST
def invite(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Make an invitation for one more person of the flat, and show it, once."""
    flat = lives_now(request, tenancy)
    try:
        code = invite_to_flat(flat, request.user)
    except ValidationError as error:
        say(request, error)
        return redirect(_page(flat))
    unit = flat.unit
    paper = Paper(
        f"{unit.name}, {unit.property.name}",
        str(unit.property.organisation),
        flat.tenant,
        code,
        get_language() or ENGLISH,
    )
    return show_papers(request, [paper], zone(unit.property.zone))


@login_required
@require_POST
def revoke_invitations(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """End one's own open invitations."""
    flat = lives_now(request, tenancy)
    count = revoke(flat.invitations.still_open().filter(made_by=request.user.pk))
    tell_ended(request, count)
    return redirect(_page(flat))


@login_required
@require_POST
def name(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Keep the name by which the others of the flat see this person."""
    flat = lives_now(request, tenancy)
    try:
        choose_name(request.user, request.POST.get("name", ""))
    except ValidationError as error:
        refuse(request, error)
    else:
        messages.success(request, _("Saved."))
    return redirect(_page(flat))


@login_required
@require_POST
def remove(request: HttpRequest, pk: int, tenancy: int | None = None) -> HttpResponse:
    """End the access of a flatmate. Only the main tenant may do it, and is asked once."""
    flat = lives_now(request, tenancy)
    resident = get_object_or_404(flat.residents.select_related("user", "tenancy"), pk=pk)
    who = shown_name(resident.user)
    act = Act(
        f"remove {resident.pk}",
        _("End the access of %(name)s?") % {"name": who},
        [_("%(name)s will at once no longer see anything of this flat.") % {"name": who}, _("What they paid stays.")],
        _("End access"),
        _page(flat),
    )
    try:
        check_may_remove(resident, request.user)
        asked = ask_whether(request, flat.unit, act, partial(end_access_by, resident, request.user))
        if asked is not None:
            return asked
        end_access_by(resident, request.user)
    except ValidationError as error:
        say(request, error)
        return redirect(_page(flat))
    messages.success(request, _("%(name)s can no longer see this flat.") % {"name": who})
    return redirect(_page(flat))


@login_required
@require_POST
def leave(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """End one's own access, after one question."""
    flat, user = lives_now(request, tenancy), request.user
    resident = get_object_or_404(flat.residents.select_related("user", "tenancy"), user=user.pk)
    act = Act("leave", _("Leave this flat?"), _what_follows(flat, user), _("Leave"), _page(flat))
    try:
        asked = ask_whether(request, flat.unit, act, partial(end_access_by, resident, user))
        if asked is not None:
            return asked
        end_access_by(resident, user)
    except ValidationError as error:
        say(request, error)
        return redirect(_page(flat))
    messages.success(request, _("You have left this flat. You can no longer see it."))
    return redirect("web:home")


def _what_follows(flat: Tenancy, user: Any) -> list[str]:
    follows = [_("You will at once no longer see anything of this flat. What you paid stays.")]
    main = main_resident(flat)
    if main is not None and main.user_id == user.pk:
        following = flat.residents.select_related("user").exclude(pk=main.pk).first()
        if following is not None:
            follows.append(_("%(name)s will then be the main tenant.") % {"name": shown_name(following.user)})
    return follows
