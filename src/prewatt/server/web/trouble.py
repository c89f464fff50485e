"""What people are told when the database refuses: an honest page, and no page of the server's own failure."""

from __future__ import annotations

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.defaults import server_error

log = logging.getLogger("prewatt.server")
AGAIN, SOON = 60, 5
"""Seconds after which it is worth trying again: where the database refuses, and where it is only busy."""
_BUSY = {"55P03", "40001", "40P01", "53300"}
"""PostgreSQL's states: a lock that can't be had, transactions in each other's way, too many connections."""


def is_busy(error: BaseException) -> bool:
    """Whether an error of the database only says that others are writing."""
    return getattr(error.__cause__, "sqlstate", None) in _BUSY or "is locked" in str(error)


def failed(request: HttpRequest) -> HttpResponse:
    """The answer to a request that failed: 503 with words and *Retry-After* if it was the database's trouble (others are
    writing, its disk is full), for then nothing was stored; else 500. It asks the database nothing.
    """
    error = sys.exc_info()[1]
    if not isinstance(error, OperationalError | InterfaceError):
        return server_error(request)
    if is_busy(error):
        again = SOON
        text = _("Many people are writing at this moment. Nothing was changed: try again in a few seconds.")
    else:
        again = AGAIN
        text = _(
            "The server can store nothing just now (its disk may be full), so nothing was done. Please try again later. What "
            "was paid at a payment provider is not lost: it is credited as soon as that works again."
        )
        log.error("the database refuses (%s): %s was answered with 503", error, request.path)
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"detail": text}, status=503)
    else:
        response = HttpResponse(render_to_string("web/layout/unavailable.html", {"text": text}), status=503)
    response["Retry-After"] = str(again)
    return response
