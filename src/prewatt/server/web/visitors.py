"""Tells the pages' process whether a request came from a user who is logged in, or a program with a valid key. The process
counts these requests apart from those of strangers at the same address.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

KNOWN = "prewatt.known"
"""The key in the request's environment: True or False; absent if no code asked who the visitor is."""


class TellKnown:
    """Middleware that tells what was found out about the visitor. It asks the database nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if "HTTP_AUTHORIZATION" in request.META:
            request.META[KNOWN] = bool(getattr(request, "auth", None))
        elif request.session.accessed:
            request.META[KNOWN] = SESSION_KEY in request.session
        return response
