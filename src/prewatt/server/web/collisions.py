"""The answer if two things collide that can't both exist, or something was sent that no database can store, such as the sign
of number 0 in a text: in words, whatever the database said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DataError, IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from .trouble import not_understood

log = logging.getLogger("prewatt.server")


def in_words(error: IntegrityError) -> str:
    """Return what people are told. What the database said goes to the log."""
    log.warning("refused by the database: %s", error)
    return _(
        "This exists already, or somebody else did the same a moment ago. Nothing was changed. Check what is there, or "
        "use another name or number."
    )


class AnswerCollisions:
    """Middleware that answers 409, in words, if a request collides with something that may exist only once, and 400 if the
    database can't take what was sent.
    """

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page for a collision, or for what can't be stored; None for any other error."""
        if isinstance(error, DataError):
            log.warning("can't be stored: %s", error)
            return not_understood(request, error)
        if not isinstance(error, IntegrityError):
            return None
        return render(request, "web/layout/collision.html", {"text": in_words(error)}, status=409)
