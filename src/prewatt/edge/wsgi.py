"""How the pages of a gateway answer as WSGI applications."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Start = Callable[[str, list[tuple[str, str]]], Any]


def _headers(body: bytes, kind: str) -> list[tuple[str, str]]:
    return [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        (
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'self'",
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ]


def send(
    start: Start, status: str, text: str, kind: str = "text/html; charset=utf-8", cookies: Sequence[str] = ()
) -> Iterable[bytes]:
    """Answer with `text`. `kind`: its media type."""
    body = text.encode()
    start(status, [*_headers(body, kind), *(("Set-Cookie", each) for each in cookies)])
    return [body]


def redirect(start: Start, *cookies: str, to: str = "/") -> Iterable[bytes]:
    """Answer that the page is at the address `to`."""
    start("303 See Other", [("Location", to), ("Content-Length", "0"), *(("Set-Cookie", each) for each in cookies)])
    return [b""]
