"""The way in which whoever uses the server writes numbers: the sign before their decimals."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar

from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponse
from django.utils.formats import get_format
from django.utils.translation.trans_real import parse_accept_lang_header

from ...amounts import SIGNS

_browser: ContextVar[str | None] = ContextVar("browser", default=None)
"""The languages that the browser asks for; None outside of a request."""


class WrittenAs:
    """Middleware: numbers in a request are read as the language of its browser writes them."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]):
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _browser.set(request.headers.get("Accept-Language", ""))
        try:
            return self._answer(request)
        finally:
            _browser.reset(token)


def decimal_sign(language: str) -> str:
    """Return the sign before the decimals in a language; empty if it is not known."""
    known = next((each for each in (language, language.partition("-")[0]) if each in LANG_INFO), "")
    sign = str(get_format("DECIMAL_SEPARATOR", lang=known, use_l10n=True)) if known else ""
    return sign if sign in SIGNS else ""


def users_sign() -> str:
    """Return the sign before the decimals as this user writes; empty if it is not known."""
    asked = _browser.get()
    if asked is None:
        # A command: as the terminal is set.
        own = next((text for name in ("LC_ALL", "LC_NUMERIC", "LANG") if (text := os.environ.get(name))), "")
        languages = [own.partition(".")[0].replace("_", "-").lower()]
    else:
        languages = [language for language, _weight in parse_accept_lang_header(asked)]
    return next((sign for language in languages if (sign := decimal_sign(language))), "")
