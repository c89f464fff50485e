"""A webhook: the notice as JSON, to whatever program the recipient runs.

Own code, not Apprise's: the connection itself is checked, so that neither a redirect nor a name that points elsewhere the
second time reaches into the landlord's network.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .interface import TIMEOUT, Kind, Message, SendError, is_public


class PrivateError(urllib3.exceptions.HTTPError):
    """The connection leads into a private network."""


def _checked(connected: socket.socket) -> socket.socket:
    if not settings.CONFIG.private_notices and not is_public(str(connected.getpeername()[0])):
        connected.close()
        raise PrivateError
    return connected


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _Tls(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


def _pools() -> urllib3.PoolManager:
    made = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
    made.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
    return made


class Webhook(Kind):
    name = "webhook"
    title = _("Webhook")
    address = _("https://…")

    @staticmethod
    def read_address(text: str) -> str:
        where = urlsplit(text)
        try:
            good = where.scheme in ("https", "http") and where.hostname and where.port != 0 and text.isascii()
        except ValueError:
            good = False
        if not good or any(sign.isspace() for sign in text) or len(text) > 1000:
            raise ValueError(_now("This is no address such as https://example.com/prewatt."))
        return text

    @staticmethod
    def shown(address: str) -> str:
        return f"{urlsplit(address).hostname}…"[:100]

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:  # noqa: ARG004
        body: dict[str, Any] = {
            "event": message.event, "key": message.key, "title": message.title, "text": message.text,
            "at": message.at, "link": message.link,
        }  # fmt: skip
        try:
            answer = _pools().request(
                "POST", address, body=json.dumps(body).encode(), redirect=False,
                headers={"Content-Type": "application/json", "User-Agent": "prewatt", "Idempotency-Key": message.key},
            )  # fmt: skip
        except PrivateError:
            said = _now(
                "It leads into a private network; with PREWATT_PRIVATE_NOTICES=allow the server sends there too."
            )
            raise SendError(said, lasting=True) from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise SendError(f"{type(error).__name__}") from None
        if answer.status in (404, 410):
            raise SendError(
                _now("There is nothing at this address: status %(n)d.") % {"n": answer.status}, lasting=True
            )
        if not 200 <= answer.status < 300:
            raise SendError(_now("It answered with status %(n)d.") % {"n": answer.status})
