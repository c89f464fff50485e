"""Answers that are given before Django sees a request, as pages in the look of the others. To a program they are JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Refusal(Exception):
    """A request is answered with an error and a page of words. `again`: seconds after which it is worth trying again."""

    def __init__(self, status: int, title: str, text: str, again: int = 0) -> None:
        super().__init__(text)
        self.status, self.title, self.text, self.again = status, title, text, again


def too_large(most: int) -> Refusal:
    """Return the answer to a body of more than `most` bytes."""
    size = f"{most // 1024**2} MB" if most >= 1024**2 else f"{most // 1024} kB"
    text = _("What was sent is too large: at most %(size)s is accepted here. Nothing was changed.") % {"size": size}
    return Refusal(413, _("This is too large"), text)


def too_late() -> Refusal:
    """Return the answer to a body that does not come."""
    text = _("What was sent did not arrive in time. Nothing was changed: check the connection and try again.")
    return Refusal(408, _("This took too long"), text)


def too_many(again: int) -> Refusal:
    """Return the answer to somebody who asks too often."""
    text = _("There were very many requests from here in a short time. Wait a moment and try again.")
    return Refusal(429, _("Too many requests"), text, again)


def too_busy(again: int) -> Refusal:
    """Return the answer while the server has too much to do."""
    text = _("Very many people use this server at this moment. Nothing was changed: try again in a few seconds.")
    return Refusal(503, _("Nothing was done"), text, again)


def head_too_late() -> bytes:
    """Return the whole answer to a head that does not come."""
    return _bare(b"408 Request Timeout")


def head_too_long() -> bytes:
    """Return the whole answer to a head that is too long."""
    return _bare(b"431 Request Header Fields Too Large")


def _bare(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@cache
def _page(title: str, text: str, again: bool) -> str:
    # There are few of them, and many may be sent during a flood.
    return render_to_string("web/layout/trouble.html", {"title": title, "text": text, "again": again})


async def answer(refusal: Refusal, scope: Scope, send: Send) -> None:
    """Send a refusal. The connection is closed afterwards."""
    if scope["path"].startswith("/api/"):
        kind, body = "application/json", json.dumps({"detail": refusal.text})
    else:
        kind, body = "text/html; charset=utf-8", _page(refusal.title, refusal.text, bool(refusal.again))
    content = body.encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if refusal.again:
        headers.append((b"retry-after", str(refusal.again).encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
