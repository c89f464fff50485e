"""The last answer where two things met that can't both be: in words, whatever the database said."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

log = logging.getLogger("prewatt.server")


def in_words(error: IntegrityError) -> str:
    """What people are told; what the database said is in the log."""
    log.warning("refused by the database: %s", error)
    return _(
        "There is one like it already, or somebody else did the same a moment ago. Nothing was changed: look what is there, "
        "and take another name or number."
    )


class AnswerCollisions:
    """A request that ran into what the database keeps once is answered 409, in words."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page of it; None for any other error."""
        if not isinstance(error, IntegrityError):
            return None
        return render(request, "web/layout/collision.html", {"text": in_words(error)}, status=409)
