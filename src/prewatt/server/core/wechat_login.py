"""Who somebody is in WeChat: asked for by a link that is opened there, answered with a code.

Rules: https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
"""

from __future__ import annotations

from urllib.parse import urlencode

import requests
from django.utils.translation import gettext as _

ADDRESS = "https://api.weixin.qq.com"
TIMEOUT = 15


class LoginError(Exception):
    """WeChat does not say who the person is; the message, for people, says why."""


def link(appid: str, back: str, state: str) -> str:
    """Return the address at which WeChat asks the person, and from which it sends the person to `back`, with `state`."""
    asked = {"appid": appid, "redirect_uri": back, "response_type": "code", "scope": "snsapi_base", "state": state}
    return f"https://open.weixin.qq.com/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"


def openid(appid: str, secret: str, code: str, address: str = ADDRESS) -> str:
    """Return the person's id for this app, from the code that came back. Raises LoginError."""
    asked = {"appid": appid, "secret": secret, "code": code, "grant_type": "authorization_code"}
    try:
        answer = requests.get(f"{address}/sns/oauth2/access_token", params=asked, timeout=TIMEOUT).json()
    except (requests.RequestException, ValueError) as error:
        # Its text could hold the secret that is part of the address.
        raise LoginError(_("WeChat can't be reached (%(why)s).") % {"why": type(error).__name__}) from None
    if not isinstance(answer, dict) or not answer.get("openid"):
        raise LoginError(_("WeChat does not say which user it is."))
    return str(answer["openid"])
