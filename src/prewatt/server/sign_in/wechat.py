"""How people get in by a WeChat mini program: WeChat says who they are there. They join this WeChat user to a login, by an
invitation or by the login's own password. Each log-in makes a key of the API for this device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..accounts import security_log
from ..accounts.first_passwords import FirstPassword
from ..accounts.invitations import Invitation, InvitationError, check_open, invitation_of, use
from ..accounts.keys import login_of_app, make_app_key
from ..accounts.names import free_name
from ..accounts.tenants import tenancies_of_login
from ..accounts.throttles import failed, waits
from ..accounts.wechat_users import WeChatUser, join_wechat, wechat_user_of
from ..core.addresses import asker_counted
from ..core.wechat_login import ADDRESS, LoginError, openid_in_mini_program
from ..metering.locking import for_update
from ..notices.mini_programs import mini_programs
from ..tenancies.residents import typed_name
from . import second_factor
from .adapter import AccountAdapter
from .forms import LONGEST, FactorForm
from .happenings import What, note
from .sessions import end_lost
from .tries import user_named, wait_in_words


class NeedsSecondFactor(Exception):
    """The password is right, and the login's second factor is missing; the message, for people, says so."""


@dataclass(frozen=True)
class Visitor:
    """Somebody in a mini program, as WeChat says."""

    appid: str
    openid: str


def _can_be_id(appid: str) -> bool:
    """Return whether a text can be a program's id, or is empty. A database refuses signs within JSON that no id has."""
    return appid.isascii() and (appid.isalnum() or not appid)


def _let_in_before(request: HttpRequest) -> str:
    """Return the login of which this phone had a key, which its app still sends; empty if it had none."""
    way, _blank, text = request.headers.get("Authorization", "").partition(" ")
    return login_of_app(text) if way.lower() == "bearer" else ""


def visitor(request: HttpRequest, code: str, appid: str) -> Visitor:
    """Return who is in a mini program, by the code that `wx.login` gave there. Raises ValidationError, which names a wrong
    field, if there is no such program, the code does not hold, or the asker has to wait; LoginError if WeChat is out of reach.
    """
    tries = asker_counted(request), _let_in_before(request)
    if seconds := waits("WeChat code", *tries):
        raise ValidationError(wait_in_words(seconds), code="too_many_tries")
    programs = mini_programs(appid) if _can_be_id(appid) else []
    if not programs:
        raise ValidationError({"appid": _("This WeChat mini program is not set up on this server.")})
    if not code or len(code) > LONGEST:
        raise ValidationError({"code": _("WeChat did not say which user you are. Try again.")})
    base = settings.CONFIG.providers.get("wechat-api", ADDRESS)
    away = None
    for program in programs:
        try:
            return Visitor(program.appid, openid_in_mini_program(*program, code, base))
        except LoginError as error:
            if not error.away:
                failed("WeChat code", *tries)
                raise ValidationError({"code": str(error)}) from None
            away = error
    assert away is not None
    raise away


def known(who: Visitor) -> WeChatUser | None:
    """Return the login that a visitor has joined, if it is open and a tenant's; otherwise None."""
    row = wechat_user_of(who.appid, who.openid)
    if row is None or not row.user.is_active or not tenancies_of_login(row.user).exists():
        return None
    return row


def let_in(request: HttpRequest, row: WeChatUser) -> str:
    """Return a new key for somebody who has joined a login. Raises WeChatUser.DoesNotExist if that was ended meanwhile."""
    text = make_app_key(row)
    security_log.note("WeChat log-in", request, user=row.user_id)
    return text


def join_by_invitation(request: HttpRequest, who: Visitor, typed: str, name: str) -> WeChatUser:
    """Let a visitor into a flat: with the login that the invitation lets in again, the one that they joined already, or a new one
    for a person called `name`, without a password. Raises ValidationError or InvitationError; then nothing is changed.
    """
    address, invitation = asker_counted(request), invitation_of(typed)
    if invitation is None:
        if seconds := waits("invitation", address):
            raise ValidationError(wait_in_words(seconds), code="too_many_tries")
        failed("invitation", address)
        text = _("There is no invitation with this code. A code has 16 letters and digits; O, I, 0 and 1 are not used.")
        raise ValidationError({"invitation": text})
    row = known(who)
    if row is not None and invitation.used_by_id == row.user_id:
        # The answer to this very call was lost on its way.
        return row
    check_open(invitation)
    if invitation.tenancy is None:
        raise InvitationError(_("This invitation is to work for a landlord: open it in a browser."))
    with transaction.atomic():
        user = _login_for(request, invitation, who, name)
        use(invitation, user)
        row = join_wechat(user, who.appid, who.openid)
    security_log.note("invitation used", request, invitation=invitation.pk)
    if invitation.again is not None:
        note(user, What.WECHAT)
    return row


def _login_for(request: HttpRequest, invitation: Invitation, who: Visitor, name: str) -> Any:
    """Return the login for an invitation. Raises ValidationError."""
    assert invitation.tenancy is not None
    if invitation.again is not None:
        if second_factor.has(invitation.again):
            text = _("This login has a second factor, so it needs a password too: open the invitation in a browser.")
            raise ValidationError(text)
        # The phone by which they came in before may be lost, and somebody else may know the password.
        end_lost(request, invitation.again)
        invitation.again.set_unusable_password()
        invitation.again.save(update_fields=["password"])
        return invitation.again
    row = wechat_user_of(who.appid, who.openid)
    if row is not None and row.user.is_active:
        return row.user
    user = get_user_model()(username=free_name(invitation.tenancy.unit.name), first_name=typed_name(name))
    user.set_unusable_password()
    user.save()
    return user


def join_by_password(request: HttpRequest, who: Visitor, login: str, password: str, factor: str) -> WeChatUser:
    """Join a visitor to the login whose name and password they know. Raises ValidationError if they don't match, the password
    was printed, the factor is wrong, the login is no tenant's, or the asker has to wait; NeedsSecondFactor without a factor.
    """
    if max(len(login), len(password), len(factor)) > LONGEST:
        raise ValidationError({"login": _("The name, the password or the code is too long.")})
    named = user_named(login)
    name = named.get_username() if named is not None else login
    user: Any = AccountAdapter().authenticate(request, username=name, password=password)
    if user is None or not user.is_active:
        raise ValidationError({"login": _("This name and password do not match.")})
    if FirstPassword.objects.filter(user=user.pk).exists():
        text = _(
            "This is a printed password, which is valid once. Log in with it in a browser, and choose your own password there."
        )
        raise ValidationError({"login": text})
    if second_factor.has(user):
        _check_factor(user, factor)
    if not tenancies_of_login(user).exists():
        raise ValidationError(
            {"login": _("This login does not belong to a tenant. The mini program is only for tenants.")}
        )
    with transaction.atomic():
        # The look at a password takes long. Whoever changed it meanwhile has ended what was joined by it, and not what comes after.
        same = get_user_model().objects.filter(pk=user.pk, password=user.password)
        if for_update(same).first() is None:
            raise ValidationError({"login": _("This name and password do not match.")})
        row = join_wechat(user, who.appid, who.openid)
    note(user, What.WECHAT)
    return row


def _check_factor(user: Any, code: str) -> None:
    """Check the code of an authenticator app, or a recovery code. Raises NeedsSecondFactor or ValidationError."""
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    if kinds <= {Authenticator.Type.WEBAUTHN}:
        text = _(
            "This login has a passkey, which does not work here. Make an invitation on the page “Who sees this flat”."
        )
        raise ValidationError({"second_factor": text})
    if not code:
        raise NeedsSecondFactor(_("Type the code of your authenticator app, or a recovery code."))
    form = FactorForm(user=user, data={"code": code})
    if not form.is_valid():
        raise ValidationError({"second_factor": [text for texts in form.errors.values() for text in texts]})
