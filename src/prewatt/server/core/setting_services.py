"""Reads the texts of settings about the services of others."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...terminal_texts import _


def read_providers(text: str) -> dict[str, str]:
    """Return the addresses of payment providers by name, of a list such as alipay=https://... Raises ValueError."""
    addresses = {}
    for part in filter(None, text.split(",")):
        name, _equals, address = part.partition("=")
        if urlsplit(address).scheme not in ("http", "https"):
            raise ValueError(_("'%(part)s' is not a provider and its address such as alipay=https://...", part=part))
        addresses[name.strip()] = address.strip().rstrip("/")
    return addresses


def read_wechat_mini(text: str) -> tuple[str, str]:
    """Return id and secret of a WeChat mini program; both empty if there is none. Raises ValueError, which repeats neither."""
    appid, _colon, secret = text.partition(":")
    if text and not (appid and secret):
        # What was given may be the secret alone: it is not repeated.
        raise ValueError(
            _("this is not the app id and the secret of a mini program, such as wx0123456789abcdef:secret")
        )
    return appid, secret
