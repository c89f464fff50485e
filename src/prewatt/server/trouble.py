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
AGAIN = 60
"""Seconds after which it is worth trying again."""


def failed(request: HttpRequest) -> HttpResponse:
    """The answer to a request that failed: 503 with words if it was the database's trouble (its disk is full, say), for
    then nothing was stored; else 500. It asks the database nothing.
    """
    error = sys.exc_info()[1]
    if not isinstance(error, OperationalError | InterfaceError):
        return server_error(request)
    log.error("the database refuses (%s): %s was answered with 503", error, request.path)
    text = _(
        "The server can store nothing just now (its disk may be full), so nothing was done. Please try again later. What was "
        "paid at a payment provider is not lost: it is credited as soon as that works again."
    )
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"detail": text}, status=503)
    else:
        response = HttpResponse(render_to_string("portal/unavailable.html", {"text": text}), status=503)
    response["Retry-After"] = str(AGAIN)
    return response
