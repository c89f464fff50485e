"""A WeCom group's bot. Own code: Apprise takes any answer for a success, and WeCom says in the answer's body what it refuses.

Rules: https://developer.work.weixin.qq.com/document/path/91770
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from .interface import TIMEOUT, Kind, Message, SendError

ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
LASTING = (93000, 93004, 93008)
"""Codes that say it will never work: no such bot, no longer in the group."""


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
        body: dict[str, Any] = {"msgtype": "text", "text": {"content": f"{message.title}\n{message.text}"[:2000]}}
        try:
            answer = requests.post(ADDRESS, params={"key": address}, json=body, timeout=TIMEOUT).json()
            code, said = int(answer["errcode"]), str(answer.get("errmsg", ""))
        except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
            # Its text could hold the key that is part of the address.
            raise SendError(f"WeCom: {type(error).__name__}") from None
        if code != 0:
            raise SendError(f"WeCom: {code} {said}"[:200], lasting=code in LASTING)
