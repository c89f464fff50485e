"""What the pages of a gateway share as WSGI applications: the fields of a form come in, a page or another address goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from .texts import asked_for, languages

Start = Callable[[str, list[tuple[str, str]]], Any]
LANGUAGE = "prewatt-language"
"""The cookie of the language that was chosen."""
YEAR = 365 * 24 * 3600
MOST_POSTED = 4096
MOST_FIELDS = 20


def read_cookie(environ: dict[str, Any], name: str) -> str:
    """Return the value of a cookie; empty if there is none."""
    try:
        cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(name)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def wanted_language(environ: dict[str, Any]) -> str:
    """Return the language that was chosen on the page in this browser, or else the one that the browser asks for; empty
    if the gateway does not have it.
    """
    chosen = read_choice(environ, LANGUAGE)
    return chosen if chosen in languages() else asked_for(environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def read_choice(environ: dict[str, Any], name: str) -> str:
    """Return a choice that a cookie keeps, in whatever signs it is written; empty if there is none."""
    return unquote(read_cookie(environ, name))


def remembered(name: str, value: str) -> str:
    """Return a cookie that keeps a choice for a year (`read_choice`). It opens nothing."""
    return f"{name}={quote(value, safe='')}; Max-Age={YEAR}; HttpOnly; SameSite=Lax; Path=/"


def read_form(environ: dict[str, Any]) -> dict[str, str] | None:
    """Return the fields that were posted; None if there are too many bytes."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return None
    if not 0 <= length <= MOST_POSTED:
        return None
    posted = environ["wsgi.input"].read(length).decode("utf-8", "replace")
    try:
        fields = parse_qs(posted, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return {name: values[0] for name, values in fields.items()}


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
    """Answer with a text."""
    body = text.encode()
    start(status, [*_headers(body, kind), *(("Set-Cookie", each) for each in cookies)])
    return [body]


def redirect(start: Start, *cookies: str, to: str = "/") -> Iterable[bytes]:
    """Answer that the page is elsewhere."""
    start("303 See Other", [("Location", to), ("Content-Length", "0"), *(("Set-Cookie", each) for each in cookies)])
    return [b""]
