"""Browsers in which somebody has logged in before: a signed cookie names the browser, and hashes of the accounts.

So a person whose account strangers try to guess still gets in from their own browser (`throttles`, kind "log-in"). The cookie
logs nobody in.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

DAYS = 180
MOST = 8
"""The most accounts that are remembered of a browser: enough for a family, or for a caretaker's phone."""


def browser_of(request: HttpRequest, account: str) -> str:
    """Return the name of the browser if somebody has logged in with this account in it before; otherwise an empty text."""
    kept = _kept(request)
    return kept["browser"] if account and _hash(kept["browser"], account) in kept["accounts"] else ""


def remember(request: HttpRequest, response: HttpResponse, account: str) -> None:
    """Remember in the browser that somebody has logged in with this account."""
    kept = _kept(request)
    mark = _hash(kept["browser"], account)
    kept["accounts"] = [mark, *(each for each in kept["accounts"] if each != mark)][:MOST]
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        signing.dumps(kept, salt="prewatt.browser"),
        max_age=DAYS * 86_400,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _kept(request: HttpRequest) -> dict[str, Any]:
    try:
        text = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")
        kept: dict[str, Any] = signing.loads(text, salt="prewatt.browser", max_age=DAYS * 86_400)
    except signing.BadSignature:
        return {"browser": secrets.token_urlsafe(12), "accounts": []}
    return kept


def _hash(browser: str, account: str) -> str:
    return salted_hmac("prewatt.browser", f"{browser}\0{account}", algorithm="sha256").hexdigest()[:32]
