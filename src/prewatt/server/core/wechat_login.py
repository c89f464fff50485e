"""Finds out who somebody is in WeChat: a link that is opened there, or a mini program, gets a code from WeChat, and the
code is exchanged for the person's id.

Rules: https://developers.weixin.qq.com/doc/service/guide/h5/auth.html,
https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
"""

from __future__ import annotations

import logging
from urllib.parse import urlencode

import requests
from django.utils.translation import gettext as _

log = logging.getLogger("prewatt.wechat")
ADDRESS = "https://api.weixin.qq.com"
TIMEOUT = 15
BUSY = (-1, 45011)
"""Codes of WeChat that say that it has no time now: it is busy, or too much was asked for this person."""
WRONG = (40029, 40163, 41008)
"""Codes of WeChat that say that the code is made up, was used, or is missing. All others are not the fault of who asks: a secret
that was typed wrong, for instance.
"""


class LoginError(Exception):
    """WeChat does not say who the person is; the message, for people, says why. `away`: it is not the person's fault:
    WeChat does not answer, or refuses our secret.
    """

    def __init__(self, message: str, away: bool = False) -> None:
        super().__init__(message)
        self.away = away


def link(appid: str, back: str, state: str) -> str:
    """Return the address at which WeChat asks the person, and from which it sends the person to `back`, with `state`."""
    asked = {"appid": appid, "redirect_uri": back, "response_type": "code", "scope": "snsapi_base", "state": state}
    return f"https://open.weixin.qq.com/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"


def openid(appid: str, secret: str, code: str, address: str = ADDRESS) -> str:
    """Return the person's id for this app, from the code that came back. Raises LoginError."""
    asked = {"appid": appid, "secret": secret, "code": code, "grant_type": "authorization_code"}
    return _openid(f"{address}/sns/oauth2/access_token", asked)


def openid_in_mini_program(appid: str, secret: str, code: str, address: str = ADDRESS) -> str:
    """Return the person's id for a mini program, from the code that `wx.login` gave there. Raises LoginError."""
    asked = {"appid": appid, "secret": secret, "js_code": code, "grant_type": "authorization_code"}
    return _openid(f"{address}/sns/jscode2session", asked)


def _openid(url: str, asked: dict[str, str]) -> str:
    try:
        answer = requests.get(url, params=asked, timeout=TIMEOUT).json()
    except (requests.RequestException, ValueError) as error:
        # Its text could hold the secret that is part of the address.
        text = _("WeChat can't be reached (%(why)s).") % {"why": type(error).__name__}
        raise LoginError(text, away=True) from None
    code = answer.get("errcode", 0) if isinstance(answer, dict) else 0
    if code in BUSY:
        raise LoginError(_("WeChat is busy now. Try again in a minute."), away=True)
    if not isinstance(answer, dict) or not answer.get("openid"):
        log.warning("WeChat does not say who somebody is: code %s", code)
        raise LoginError(_("WeChat did not say which user you are. Try again."), away=bool(code) and code not in WRONG)
    return str(answer["openid"])
