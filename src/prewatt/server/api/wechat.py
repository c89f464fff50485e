"""The log-in by a WeChat mini program, over the API: its key opens what is the tenant's own, under `/me`."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.errors import HttpError

from ...kernel.units import exact_instant
from ..accounts.invitations import InvitationError
from ..accounts.keys import ApiKey, revoke
from ..accounts.languages import speak
from ..accounts.wechat_users import WeChatUser, leave_wechat
from ..core.sealing import SealError
from ..core.wechat_login import LoginError
from ..sign_in.wechat import (
    NeedsSecondFactor,
    Visitor,
    join_by_invitation,
    join_by_password,
    known,
    let_in,
    visitor,
)

router = Router()
REFERER = re.compile(r"https://servicewechat\.com/(wx\w+)/")
"""WeChat writes the id of a mini program into each of its requests; the mini program itself can't."""


class LogIn(Schema):
    """`code`: what `wx.login` gave. `appid`: of the mini program, if its requests don't have WeChat's own `Referer`."""

    code: str
    appid: str = ""


class Joining(LogIn):
    """Somebody joins by an `invitation`, as its letters were typed, and a `name`; or by `login` and `password`, with
    the code of the authenticator app (`second_factor`) if an answer asks for it.
    """

    invitation: str = ""
    name: str = ""
    login: str = ""
    password: str = ""
    second_factor: str = ""


@router.post("/wechat/log-in", auth=None, response={200: dict[str, Any], 404: dict[str, Any]})
def log_in(request: HttpRequest, given: LogIn) -> Any:
    """Log in the person who uses the mini program. 404: they have joined no login yet, see `/wechat/join`."""
    row = known(_visitor(request, given))
    if row is None:
        return Status(404, {"detail": _not_joined()})
    return _let_in(request, row)


@router.post("/wechat/join", auth=None, response={200: dict[str, Any], 401: dict[str, Any]})
def join(request: HttpRequest, given: Joining) -> Any:
    """Join the person who uses the mini program to a flat or a login, and log them in. Send a new `code`: each is good
    for one call.
    """
    who = _visitor(request, given)
    try:
        if given.invitation:
            row = join_by_invitation(request, who, given.invitation, given.name)
        elif given.login:
            row = join_by_password(request, who, given.login, given.password, given.second_factor)
        else:
            raise ValidationError(
                {"invitation": _("Type the letters of your invitation, or your login and its password.")}
            )
    except InvitationError as error:
        raise ValidationError({"invitation": str(error)}) from None
    except NeedsSecondFactor as error:
        return Status(401, {"detail": str(error), "needs": "second-factor"})
    except ValidationError as error:
        _check_wait(error)
        raise
    return _let_in(request, row)


@router.delete("/wechat/log-in", response={204: None})
def log_out(request: HttpRequest, unlink: bool = False) -> Any:
    """End the key of this call. `unlink`: also separate this WeChat from the login, on all devices."""
    key: ApiKey | None = getattr(request.user, "api_key", None)
    if key is None:
        raise ValidationError(_("This call ends a key, but you are logged in without one."))
    revoke(ApiKey.objects.filter(pk=key.pk))
    if unlink and key.wechat_user is not None:
        leave_wechat(key.wechat_user)
    return Status(204, None)


def _not_joined() -> str:
    return _("Your WeChat is not connected to a flat yet. Type the letters of your invitation.")


def _visitor(request: HttpRequest, given: LogIn) -> Visitor:
    from_wechat = REFERER.match(request.headers.get("Referer", ""))
    try:
        return visitor(request, given.code, given.appid or (from_wechat[1] if from_wechat else ""))
    except (LoginError, SealError) as error:
        raise HttpError(503, str(error)) from None
    except ValidationError as error:
        _check_wait(error)
        raise


def _check_wait(error: ValidationError) -> None:
    """Answer 429 if somebody has to wait."""
    if getattr(error, "code", "") == "too_many_tries":
        raise HttpError(429, " ".join(error.messages)) from None


def _let_in(request: HttpRequest, row: WeChatUser) -> dict[str, Any]:
    try:
        text = let_in(request, row)
    except WeChatUser.DoesNotExist:
        raise HttpError(404, _not_joined()) from None
    speak(row.user)
    ends = row.keys.order_by("-pk").values_list("ends", flat=True)[0]
    return {"key": text, "ends_at": exact_instant(ends), "language": translation.get_language()}
