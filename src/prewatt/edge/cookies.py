"""The cookies of the gateway's pages."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, unquote

from .texts import asked_for, languages

LANGUAGE = "prewatt-language"
"""The cookie of the language that was chosen."""
YEAR = 365 * 24 * 3600


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
    """Return a choice that a cookie keeps, as `remembered` was given it; empty if there is none."""
    return unquote(read_cookie(environ, name))


def remembered(name: str, value: str) -> str:
    """Return a cookie that keeps a choice for a year (`read_choice`). It opens nothing."""
    return f"{name}={quote(value, safe='')}; Max-Age={YEAR}; HttpOnly; SameSite=Lax; Path=/"
