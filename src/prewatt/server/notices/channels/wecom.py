"""WeCom: the bot of a group, or messages of an app of the landlord's own company. The code is our own:
WeCom refuses in the body of its answer, and Apprise counts every answer of the bot as a success.

Rules: https://developer.work.weixin.qq.com/document/path/91770 (bot),
https://developer.work.weixin.qq.com/document/path/90236 (app), https://developer.work.weixin.qq.com/document/path/90313
(codes).
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
"""The most bytes of a text, by the rules of bot and app."""
NO_BOT = (93000, 93004, 93008)
"""Codes that say that it will never work: there is no such bot, or it is no longer in the group."""
NO_PERSON = (40031, 60111, 81013)
"""Codes that say that there is no such person, or that they can't see the app."""


def content(message: Message) -> str:
    """Return the text that is sent: the title, then the text, within `LONGEST` bytes."""
    foot = f"\n{message.foot}" if message.foot else ""
    return cut(f"{message.title}\n{message.text}", LONGEST - len(foot.encode()), lambda text: len(text.encode())) + foot


def _sent(answer: Mapping[str, Any], lasting: tuple[int, ...]) -> None:
    code = answer.get("errcode")
    if code != 0:
        if not isinstance(code, int):
            raise SendError(_now("The answer of %(provider)s can't be read.") % {"provider": "WeCom"})
        words = {
            60020: _now("the address of this server is not on the app's list of trusted IPs"),
            45009: _now("too many messages were sent in a short time"),
        }.get(code, "")
        raise SendError(said_by("WeCom", code, words, [answer.get("errmsg", "")]), lasting=code in lasting)


class WeCom(Kind):
    """The bot of a WeCom group, by its key."""

    name = "wecom"
    title = _("WeCom bot")
    address = _("the bot's webhook or key")
    is_rare = True

    @staticmethod
    def read_address(text: str) -> str:
        """Return the key of a bot, from the key or from the whole webhook. Raises ValueError with a text for people."""
        key = parse_qs(urlsplit(text).query).get("key", [text])[0]
        if not re.fullmatch(r"[A-Za-z0-9-]{20,80}", key):
            raise ValueError(_now("This is not the key or webhook of a WeCom bot."))
        return key

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:  # noqa: ARG004
        """Send a message to the bot's group. Raises SendError if WeCom refuses it or gives no answer."""
        body = {"msgtype": "text", "text": {"content": content(message)}}
        _sent(call("WeCom", "POST", f"{BASE}/cgi-bin/webhook/send", params={"key": address}, json=body), NO_BOT)


class WeComApp(Kind):
    """A person in the landlord's own company in WeCom, by the name of the account."""

    name = "wecom-app"
    title = _("WeCom message")
    address = _("account in WeCom")
    is_rare = True
    fields = (
        Field("corpid", _("Company id")),
        Field("agentid", _("App's AgentId")),
        Field("secret", _("App's secret"), secret=True),
    )

    @staticmethod
    def read_address(text: str) -> str:
        """Return an account of WeCom, as it was typed. Raises ValueError with a text for people if it can't be one."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", text):
            raise ValueError(_now("This is not an account in WeCom. It has letters, digits and . _ - @."))
        return text

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        """Check the AgentId. Raises ValueError with a text for people if it is no number."""
        if not re.fullmatch(r"\d{1,12}", account["agentid"], re.ASCII):
            raise ValueError(_now("The AgentId is a number such as 1000002."))

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        """Send a message to one account. Raises SendError if WeCom refuses it or gives no answer."""
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
