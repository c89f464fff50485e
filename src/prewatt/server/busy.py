"""The answer when the database is busy: come again, in words and for programs, never a bare 500."""

from __future__ import annotations

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.defaults import server_error

RETRY_AFTER = 5
"""Seconds after which it is worth while to ask again."""
_STATES = {"55P03", "40001", "40P01", "53300"}
"""PostgreSQL's: a lock that can't be had, transactions in each other's way, too many connections."""


def is_busy(error: BaseException | None) -> bool:
    """Whether an error of the database only says that others are writing."""
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _STATES or "is locked" in str(error)


def answer(request: HttpRequest) -> HttpResponse:
    """What is answered for an error that nobody caught: 503 with *Retry-After* if the database is busy, else 500."""
    if not is_busy(sys.exc_info()[1]):
        return server_error(request)
    text = _("Many people are writing at this moment. Nothing was changed: try again in a few seconds.")
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"detail": text}, status=503)
    else:
        # Without the request: nothing on the page asks the database.
        response = HttpResponse(render_to_string("portal/busy.html", {"text": text}), status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response
