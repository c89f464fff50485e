"""WeCom: the bot of a group, or messages of an app of the landlord's own company. Own code: Apprise takes any answer of the
bot's for a success, and WeCom says in the answer's body what it refuses.

Rules: https://developer.work.weixin.qq.com/document/path/91770 (bot), https://developer.work.weixin.qq.com/document/path/90236
(app), https://developer.work.weixin.qq.com/document/path/90313 (codes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...core.credential_fields import Field
from ..fitting import cut
from .access_token import call, with_token
from .interface import Kind, Message, SendError, said_by

BASE = "https://qyapi.weixin.qq.com"
LONGEST = 2048
"""Bytes of a text, by the rules of both."""
NO_BOT = (93000, 93004, 93008)
"""Codes that say it will never work: no such bot, no longer in the group."""
NO_PERSON = (40031, 60111, 81013)
"""Codes that say there is no such person, or that they don't see the app."""


def content(message: Message) -> str:
    """What is sent: the title, then the text."""
    return cut(f"{message.title}\n{message.text}", LONGEST, lambda text: len(text.encode()))


def _sent(answer: Mapping[str, Any], lasting: tuple[int, ...]) -> None:
    code = answer.get("errcode")
    if code != 0:
        if not isinstance(code, int):
            raise SendError(_now("%(provider)s's answer is not usable.") % {"provider": "WeCom"})
        words = {
            60020: _now("the address of this server is not on the app's list of trusted IPs"),
            45009: _now("too many messages just now"),
        }.get(code, "")
        raise SendError(said_by("WeCom", code, words, [answer.get("errmsg", "")]), lasting=code in lasting)


class WeCom(Kind):
    name = "wecom"
    title = _("WeCom bot")
    address = _("the bot's webhook or key")

    @staticmethod
    def read_address(text: str) -> str:
        key = parse_qs(urlsplit(text).query).get("key", [text])[0]
        if not re.fullmatch(r"[A-Za-z0-9-]{20,80}", key):
            raise ValueError(_now("This is no key of a WeCom bot."))
        return key

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:  # noqa: ARG004
        body = {"msgtype": "text", "text": {"content": content(message)}}
        _sent(call("WeCom", "POST", f"{BASE}/cgi-bin/webhook/send", params={"key": address}, json=body), NO_BOT)


class WeComApp(Kind):
    name = "wecom-app"
    title = _("WeCom message")
    address = _("account in WeCom")
    fields = (
        Field("corpid", _("Company id")),
        Field("agentid", _("App's AgentId")),
        Field("secret", _("App's secret"), secret=True),
    )

    @staticmethod
    def read_address(text: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", text):
            raise ValueError(_now("This is no account in WeCom: letters, digits and . _ - @."))
        return text

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        if not re.fullmatch(r"\d{1,12}", account["agentid"], re.ASCII):
            raise ValueError(_now("The AgentId is a number, such as 1000002."))

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        body = {
            "touser": address,
            "msgtype": "text",
            "agentid": int(account["agentid"]),
            "text": {"content": content(message)},
        }
        asked = {"corpid": account["corpid"], "corpsecret": account["secret"]}
        answer = with_token(
            ("WeCom", account["corpid"], account["secret"]),
            lambda force: call("WeCom", "GET", f"{BASE}/cgi-bin/gettoken", params=asked),  # noqa: ARG005
            lambda token: call(
                "WeCom", "POST", f"{BASE}/cgi-bin/message/send", params={"access_token": token}, json=body
            ),
        )
        _sent(answer, NO_PERSON)
