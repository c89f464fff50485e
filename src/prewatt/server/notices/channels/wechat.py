"""WeChat: template messages of an official account, or subscribe messages of a mini program. Apprise has neither.

Rules: https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html,
https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...account_fields import Field
from ...wechat_login import ADDRESS
from .interface import TIMEOUT, Kind, Message, SendError

CALLS = {"template": "/cgi-bin/message/template/send", "subscribe": "/cgi-bin/message/subscribe/send"}
EXPIRED = (40001, 40014, 42001)
"""Codes that say the access token is used up."""
LASTING = (40003, 43004, 43101, 40037, 47003)
"""Codes that say it will never work: no such person, not following, not subscribed, no such template, wrong fields."""
LONGEST = 20
"""Characters of a `thing` field."""


class WeChat(Kind):
    name = "wechat"
    title = _("WeChat")
    address = _("openid, or the link on this page")
    fields = (
        Field("appid", _("App id")),
        Field("secret", _("App secret"), secret=True),
        Field("template_id", _("Template id")),
        Field("how", _("Sent as"), optional=True, help=_("template (if left empty) or subscribe.")),
        Field(
            "title_field", _("Field for the title"), optional=True, help=_("As the template names it; thing1 if left empty.")
        ),
        Field(
            "text_field", _("Field for the text"), optional=True, help=_("As the template names it; thing2 if left empty.")
        ),
    )  # fmt: skip

    @staticmethod
    def read_address(text: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{20,64}", text):
            raise ValueError(_now("This is no openid."))
        return text

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        if (account.get("how") or "template") not in CALLS:
            raise ValueError(_now("It is sent as template or subscribe."))

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        base = settings.CONFIG.providers.get("wechat-api", ADDRESS)
        how = account.get("how") or "template"
        body: dict[str, Any] = {
            "touser": address,
            "template_id": account["template_id"],
            "data": {
                account.get("title_field") or "thing1": {"value": message.title[:LONGEST]},
                account.get("text_field") or "thing2": {"value": " ".join(message.text.split())[:LONGEST]},
            },
        }
        if message.link and how == "template":
            body |= {"url": message.link, "client_msg_id": message.key[:32]}
        for fresh in (False, True):
            token = _token(base, account["appid"], account["secret"], fresh)
            answer = _call("POST", f"{base}{CALLS[how]}", {"access_token": token}, body)
            code = answer.get("errcode", 0)
            if code == 0:
                return
            if code not in EXPIRED:
                break
        raise SendError(f"WeChat: {code} {answer.get('errmsg', '')}"[:200], lasting=code in LASTING)


_tokens: dict[tuple[str, str], tuple[str, float]] = {}
_lock = threading.Lock()


def _token(base: str, appid: str, secret: str, fresh: bool) -> str:
    """The access token, which all calls share for two hours."""
    with _lock:
        token, until = _tokens.get((base, appid), ("", 0.0))
        if not fresh and time.monotonic() < until:
            return token
        asked = {"grant_type": "client_credential", "appid": appid, "secret": secret}
        answer = _call("GET", f"{base}/cgi-bin/token", asked)
        if "access_token" not in answer:
            raise SendError(f"WeChat: {answer.get('errcode')} {answer.get('errmsg', '')}"[:200])
        token = str(answer["access_token"])
        _tokens[base, appid] = token, time.monotonic() + int(answer.get("expires_in", 7200)) - 300
        return token


def _call(method: str, url: str, asked: Mapping[str, str], body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    try:
        answer = requests.request(method, url, params=asked, json=body, timeout=TIMEOUT).json()
    except (requests.RequestException, ValueError) as error:
        # Its text could hold the secret that is part of the address.
        raise SendError(f"WeChat: {type(error).__name__}") from None
    if not isinstance(answer, dict):
        raise SendError(_now("WeChat's answer is not usable."))
    return answer
