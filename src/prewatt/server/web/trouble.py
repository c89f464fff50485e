"""What people are told when the database refuses: a page that says so, instead of the server's own error page."""

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
"""The time after which it is worth trying again, s: if the database refuses, and if it is only busy."""
_BUSY = {"55P03", "40001", "40P01", "53300"}
"""PostgreSQL's codes: a lock is not available, transactions block each other, there are too many connections."""


def is_busy(error: BaseException) -> bool:
    """Return whether an error of the database only says that others are writing."""
    return getattr(error.__cause__, "sqlstate", None) in _BUSY or "is locked" in str(error)


def failed(request: HttpRequest) -> HttpResponse:
    """Return the answer to a request that failed. If the database was the cause (others are writing, its disk is full),
    it is 503 with words and *Retry-After*, because nothing was stored; otherwise it is 500. It does not use the
    database.
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
            "The server can't store anything now (its disk may be full), so nothing was changed. Please try again later. Money "
            "that was paid at a payment provider is not lost: it is credited as soon as the server works again."
        )
        log.error("the database refuses (%s): %s was answered with 503", error, request.path)
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"detail": text}, status=503)
    else:
        response = HttpResponse(render_to_string("web/layout/unavailable.html", {"text": text}), status=503)
    response["Retry-After"] = str(again)
    return response
