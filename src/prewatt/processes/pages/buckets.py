"""How often somebody may ask, counted in this process's memory, before a thread or the database is used.

The limits are far above what people do with a browser. They keep one address, one login or one program from taking the
server away from all others. What must be counted exactly, such as wrong passwords, is counted in the database.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections import OrderedDict
from typing import NamedTuple

from django.http import parse_cookie

from ...server.core.addresses import counted_as
from .bodies import header
from .refusals import Scope

REMEMBERED = 50_000
"""The most buckets, and the most known visitors, that are kept. Those unused for longest are forgotten."""


class Rate(NamedTuple):
    """How often something may be done: `each_second` on average, `burst` at once."""

    each_second: float
    burst: float


PAGES = Rate(50, 200)
"""Requests of an address, of everybody there who is not logged in."""
FORMS = Rate(4, 40)
"""Forms of an address, sent by those who are not logged in: each may cost a quarter of a second of processor."""
CALLBACKS = Rate(100, 500)
"""Callbacks of an address. A provider has few of them."""
FILES = Rate(200, 1000)
"""Static files of an address."""
VISITOR = Rate(20, 150)
"""Requests of one login's session, or of one key of the API."""


class Buckets:
    """The buckets of all who ask."""

    def __init__(self) -> None:
        self._full: OrderedDict[tuple[str, str], float] = OrderedDict()

    def take(self, lane: str, who: str, rate: Rate, now: float) -> float:
        """Take one request out of a bucket. Returns 0, or the seconds until there is one again. `now`: a clock that never
        jumps, s.
        """
        # Only the instant is kept at which the bucket will be full again.
        key = (lane, who)
        full = max(self._full.get(key, now), now) + 1 / rate.each_second
        wait = full - now - rate.burst / rate.each_second
        if wait > 0:
            return wait
        self._full[key] = full
        self._full.move_to_end(key)
        if len(self._full) > REMEMBERED:
            self._full.popitem(last=False)
        return 0.0


class Visitors:
    """Sessions and keys that Django has found right. They have buckets of their own, so that nobody is shut out by
    neighbours behind the same address. A made-up one stays in the bucket of its address.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()

    def knows(self, visitor: str) -> bool:
        """Return whether this is a visitor that was found right."""
        if visitor not in self._known:
            return False
        self._known.move_to_end(visitor)
        return True

    def remember(self, visitor: str) -> None:
        """Keep a visitor that was found right."""
        self._known[visitor] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def forget(self, visitor: str) -> None:
        """Forget a visitor whose session or key has ended."""
        self._known.pop(visitor, None)


def session_of(scope: Scope, session_cookie: str) -> str:
    """Return the session that a request brings, as Django reads it from the same cookies; empty if there is none."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    return parse_cookie(cookies.decode("latin-1")).get(session_cookie, "")


def visitor_of(scope: Scope, session_cookie: str) -> str:
    """Return a name (a hash) for the key or the session by which Django would let a request in; empty if it brings
    none. Nothing else in the request changes the name: else one visitor could pass for many.
    """
    scheme, _space, key = header(scope, b"authorization").partition(b" ")
    shown = key if scheme.lower() == b"bearer" else session_of(scope, session_cookie).encode()
    return hashlib.blake2b(shown, digest_size=16).hexdigest() if shown else ""


def address_of(scope: Scope) -> str:
    """Return who asks: an IPv4 address, or the network of an IPv6 address, which a household has all to itself. Empty
    if it is this machine: a program here, or everybody behind a proxy that does not say for whom it asks.
    """
    client = scope.get("client")
    if not client:
        return ""
    try:
        if ipaddress.ip_address(client[0]).is_loopback:
            return ""
    except ValueError:
        return str(client[0])[:45]
    return counted_as(client[0])


def is_callback(scope: Scope) -> bool:
    """Return whether a request is for the addresses that payment providers call back."""
    return str(scope["path"]).startswith("/callbacks/")


def refused_for(scope: Scope, visitors: Visitors, buckets: Buckets, visitor: str, now: float) -> float:
    """Count a request. Returns 0 if it may go on, or the seconds after which the next one may."""
    path, address = scope["path"], address_of(scope)
    if visitor and visitors.knows(visitor):
        return buckets.take("visitor", visitor, VISITOR, now)
    if not address:
        return 0.0
    if path.startswith("/static/"):
        return buckets.take("files", address, FILES, now)
    if is_callback(scope):
        return buckets.take("callbacks", address, CALLBACKS, now)
    if scope["method"] not in ("GET", "HEAD"):
        wait = buckets.take("forms", address, FORMS, now)
        if wait:
            return wait
    return buckets.take("pages", address, PAGES, now)
