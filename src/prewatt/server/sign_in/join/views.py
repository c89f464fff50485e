"""The pages of an invitation: the code that is typed, or comes with a link; whose door it opens; and the way in.

A link alone changes nothing, because programs that look at messages open links, too: only a button uses the code. The
pages of an invitation leave no trace in the browser: no page is kept, and no other site is told an address with a code. (The
policy is not "no-referrer": with it browsers would not tell us either where a form comes from, and the form would be refused.)
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ...accounts.invitations import Invitation, InvitationError, check_open, invitation_of, use
from ...accounts.names import check_name, free_name
from ...accounts.rights import Role
from ...accounts.security_log import note
from ...accounts.throttles import failed, waits
from ...core.addresses import asker_counted
from ...core.errors import by_field
from .. import second_factor
from ..sessions import end_lost

INVITED = "invitation"
"""The name under which a session keeps the invitation whose code it has shown."""


@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that stands on the paper."""
    if request.method == "POST":
        return _look(request, request.POST.get("code", ""))
    return render(request, "sign_in/join/code.html")


@never_cache
@require_GET
def link(request: HttpRequest, code: str) -> HttpResponse:
    """Take the code of a link, and lead on to an address without it."""
    return _look(request, code)


def _look(request: HttpRequest, typed: str) -> HttpResponse:
    """Lead whoever has the code of an open invitation to its door; tell anybody else what is wrong."""
    address, invitation = asker_counted(request), invitation_of(typed)
    if invitation is None:
        seconds = waits("invitation", address)
        if seconds:
            said = _("Too many wrong codes. Wait %(seconds)d seconds, then try again.") % {"seconds": seconds + 1}
            return render(request, "sign_in/join/code.html", {"wrong": said, "typed": typed}, status=429)
        failed("invitation", address)
        said = _("There is no invitation with this code. A code has 16 letters and digits; O, I, 0 and 1 are not used.")
        return render(request, "sign_in/join/code.html", {"wrong": said, "typed": typed}, status=400)
    try:
        check_open(invitation)
    except InvitationError as error:
        return render(request, "sign_in/join/code.html", {"wrong": str(error), "typed": typed}, status=400)
    request.session[INVITED] = invitation.pk
    return redirect("sign_in:join:door")


@never_cache
@require_http_methods(["GET", "POST"])
def door(request: HttpRequest) -> HttpResponse:
    """Show whose door an invitation opens, and the ways in; the button that is pressed uses it."""
    rows = Invitation.objects.select_related(
        "tenancy__unit__property__organisation", "organisation", "again", "made_by"
    )
    invitation = rows.filter(pk=request.session.get(INVITED, 0)).first()
    if invitation is None:
        return redirect("sign_in:join:code")
    wrong: list[str] = []
    try:
        check_open(invitation)
        if request.method == "POST":
            _enter(request, invitation)
            return redirect("web:home")
    except InvitationError as error:
        messages.error(request, str(error))
        request.session.pop(INVITED, None)
        return redirect("sign_in:join:code")
    except ValidationError as error:
        wrong = [text for _field, text in by_field(error)]
    return render(request, "sign_in/join/door.html", _door(request, invitation, wrong), status=400 if wrong else 200)


def _door(request: HttpRequest, invitation: Invitation, wrong: list[str]) -> dict[str, Any]:
    """Return what the page shows of an invitation."""
    return {
        "invitation": invitation,
        "role": Role(invitation.role).label if invitation.role else "",
        "name": request.POST.get("name") or (free_name(_name_of(invitation)) if invitation.again is None else ""),
        "wrong": wrong,
        "login_page": resolve_url(settings.LOGIN_URL),
        "is_in": request.user.is_authenticated and invitation.again in (None, request.user),
    }


def _name_of(invitation: Invitation) -> str:
    """Return what a login name is made from."""
    return invitation.tenancy.unit.name if invitation.tenancy is not None else str(invitation.organisation)


def _enter(request: HttpRequest, invitation: Invitation) -> None:
    """Use an invitation, as the form says: by the login that is logged in, by a new one, or by the one that is let in again.
    Raises InvitationError or ValidationError; then nothing is changed.
    """
    given, user = request.POST, request.user
    way = given.get("do", "")
    if way == "use" and user.is_authenticated:
        if invitation.organisation is not None and not get_reauthentication_flows(user):
            # A role's log-in lasts for hours: who got in by a paper alone would be out for good, and could not pay any more.
            raise ValidationError(
                _("This login has no password, and a role needs one. Choose a password on the page “Your login” first.")
            )
        use(invitation, user)
    elif way == "password" or (way == "phone" and invitation.tenancy is not None):
        with transaction.atomic():
            password = given.get("password", "") if way == "password" else None
            user = _login_for(request, invitation, given.get("name", "").strip(), password)
            use(invitation, user)
        if second_factor.has(user):
            messages.success(request, _("The new password is set. Log in with it and with your second factor."))
        else:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    else:
        raise ValidationError(_("There is no such choice."))
    request.session.pop(INVITED, None)
    note("invitation used", request, invitation=invitation.pk)


def _login_for(request: HttpRequest, invitation: Invitation, name: str, password: str | None) -> Any:
    """Return the login for an invitation, with a new password; None: without one. Raises ValidationError."""
    if invitation.again is not None:
        user: Any = invitation.again
        if password is None and second_factor.has(user):
            raise ValidationError(_("This login has a second factor, so it needs a password too."))
    else:
        if password is not None:
            check_name(name)
        user = get_user_model()(username=name if password is not None else free_name(_name_of(invitation)))
    if password is None:
        user.set_unusable_password()
    else:
        validate_password(password, user)
        user.set_password(password)
    if invitation.again is not None:
        # The phone that is lost is told nothing more, either.
        end_lost(request, user)
    user.save()
    return user
