"""HTTP to addresses that people typed. A name is looked up once, what it leads to is checked before anything is sent there, and
the connection goes to that very address. So neither a redirect nor a name that changes its address reaches into the
landlord's network, and nobody learns which ports are open there.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from .interface import TIMEOUT, SendError, is_public, no_answer

LONGEST_ANSWER = 100_000
"""The number of bytes that are read of an answer."""


class PrivateError(urllib3.exceptions.HTTPError):
    """The connection leads into a private network."""


def _public_addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises PrivateError if one of them is in a private network and that is not allowed."""
    addresses = [str(info[4][0]) for info in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)]
    if not settings.CONFIG.private_notices and not all(map(is_public, addresses)):
        raise PrivateError
    return addresses


class _Plain(HTTPConnection):
    """A connection to one of the addresses that were checked before."""

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        *others, last = _public_addresses(name, int(self.port))
        try:
            for self._dns_host in others:
                with suppress(NewConnectionError, ConnectTimeoutError):
                    return super()._new_conn()
            self._dns_host = last
            return super()._new_conn()
        finally:
            # The name is needed for the request, and for the certificate.
            self._dns_host = name


class _Tls(_Plain, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


def is_address(text: str) -> bool:
    """Return whether a text is an address that HTTP can reach."""
    address = urlsplit(text)
    try:
        good = address.scheme in ("https", "http") and address.hostname and address.port != 0 and text.isascii()
    except ValueError:
        return False
    return bool(good) and not any(sign.isspace() for sign in text)


def ask(method: str, address: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Send a request and return (status, beginning of the answer). A redirect is not followed. Raises SendError if
    there is no answer.
    """
    pools = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
    pools.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
    try:
        answer = pools.request(
            method,
            address,
            body=body,
            redirect=False,
            headers={"User-Agent": "prewatt", **headers},
            preload_content=False,
        )
        try:
            return answer.status, answer.read(LONGEST_ANSWER)
        finally:
            answer.close()
    except PrivateError:
        said = _(
            "The address is in a private network, and the server does not send there. PREWATT_PRIVATE_NOTICES=allow permits it."
        )
        raise SendError(said, lasting=True) from None
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise no_answer(urlsplit(address).hostname, error) from None
