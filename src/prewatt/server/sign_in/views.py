"""The page of one's own login: what it is made of, where it is open, and what happened with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from allauth.account.forms import SetPasswordForm
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.password_change import finalize_password_set
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ...kernel.units import SECOND
from ..accounts import security_log
from ..accounts.tenants import tenancies_of_login
from ..accounts.wechat_users import WeChatUser
from ..notices.channels.sms import Sms
from ..notices.pushes import end_log_in
from . import phones, second_factor
from .carrying import account_for
from .happenings import What, note, tell_former
from .left_open import end_left_open, tell_of_keys
from .models import CredentialChange
from .sessions import end_others as end_all_others
from .sessions import sessions_of

FRESH = 15 * 60
"""How long a code that came to the phone may stand for the old password, s."""
SHOWN = 20


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Show one's own login."""
    user: Any = request.user
    number = phones.number_of(user)
    emails = EmailAddress.objects.filter(user=user)
    changes = CredentialChange.objects.filter(user=user)[:SHOWN]
    context = {
        "email": emails.filter(verified=True).order_by("-primary").first(),
        "waiting": emails.filter(verified=False).first(),
        "phone": Sms.shown(number) if number else "",
        "sends": {kind: account_for(user, kind) is not None for kind in ("sms", "email")},
        "factor": second_factor.has(user),
        "must_have_factor": second_factor.must_have(user),
        "app": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        "passkeys": Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count(),
        "tenant": tenancies_of_login(user).exists(),
        "sessions": sessions_of(user, request.session.session_key or ""),
        "apps": [
            f"{datetime.fromtimestamp(each.made_at // SECOND, UTC):%Y-%m-%d %H:%M}"
            for each in WeChatUser.objects.filter(user=user)
        ],
        "changes": [(each, datetime.fromtimestamp(each.at, UTC)) for each in changes],
    }
    return render(request, "sign_in/account.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """Choose a new password without the old one, after a code that came to the phone."""
    user: Any = request.user
    at = datetime.now(UTC).timestamp()
    records = get_authentication_records(request, user)
    if not any(each["method"] == "code" and at - each["at"] < FRESH for each in records):
        return redirect("account_change_password" if user.has_usable_password() else "account_set_password")
    form = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        finalize_password_set(request, user)
        return redirect("sign_in:account")
    return render(request, "account/password_set.html", {"form": form})


@login_required
@require_POST
def forget_phone(request: HttpRequest) -> HttpResponse:
    """Take one's phone number away from one's login."""
    user: Any = request.user
    number = phones.number_of(user)
    if phones.forget(user):
        note(user, What.PHONE)
        tell_former(user, "sms", number, What.PHONE)
        messages.success(request, _("The phone number is removed. Nobody can log in with it any more."))
    return redirect("sign_in:account")


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own log-ins elsewhere."""
    row = get_object_or_404(UserSession, pk=pk, user=request.user)
    if row.session_key != request.session.session_key:
        end_log_in(row)
        security_log.note("session ended", request, user=request.user.pk)
        messages.success(request, _("This log-in has ended."))
        # Which log-in has made an invitation is not known: the one that ended may have.
        end_left_open(request.user)
    return redirect("sign_in:account")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all of one's own log-ins elsewhere."""
    count = end_all_others(request, request.user)
    security_log.note("sessions ended", request, user=request.user.pk)
    messages.success(request, _("All your other log-ins have ended (%(count)d).") % {"count": count})
    tell_of_keys(request.user)
    return redirect("sign_in:account")
