"""The pages of errors: what happened and what to do, in the look of the other pages. A program gets the same text as JSON."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from math import ceil

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from ..accounts.refusals import NOTED
from ..accounts.security_log import note
from .gate import NotAllowed

log = logging.getLogger("prewatt.server")
AGAIN, SOON = 60, 5
"""The time after which it is worth trying again, s: if the database fails, and if it is only busy."""
_BUSY = {"55P03", "40001", "40P01", "53300"}
"""PostgreSQL's codes: a lock is not available, transactions block each other, there are too many connections."""


def is_busy(error: BaseException) -> bool:
    """Return whether an error of the database only says that others are writing."""
    return getattr(error.__cause__, "sqlstate", None) in _BUSY or "is locked" in str(error)


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 400: the request can't be read; 413 if it is too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent | TooManyFieldsSent):
        return _own(request, 413)
    if isinstance(exception, DisallowedHost):
        text = _(
            "This server does not answer under the name or address that was used. Use the address that you were given. "
            "The operator of the server can add more names to PREWATT_HOSTS."
        )
        return _answer(request, 400, _("Nothing was done"), text)
    return _own(request, 400)


def too_many(request: HttpRequest, wait: float) -> HttpResponse:
    """Return 429: somebody has tried too often, and has to wait (s)."""
    response = _own(request, 429, ceil(wait))
    response["Retry-After"] = str(ceil(wait))
    return response


def _own(request: HttpRequest, status: int, wait: int = 0) -> HttpResponse:
    """Return the page of a status that has no view of its own."""
    if status == 405:
        text = _("This address accepts only what a form sends. Begin at the first page.")
    elif status == 413:
        text = _("What was sent is too large, so nothing was changed. Send less at once, or a smaller file.")
    elif status == 429:
        text = (
            _("There were too many tries. Try again in %(n)d s.") % {"n": wait}
            if wait
            else _("There were too many tries. Try again in a few minutes.")
        )
    else:
        text = _(
            "The server can't read what was sent, so nothing was changed. Go back, load the page again and try once more."
        )
    return _answer(request, status, _("Nothing was done"), text)


class OwnPages:
    """Middleware that gives a page with words and a way back to answers that come without any."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        is_bare = not response.streaming and not response.content
        if response.status_code not in (400, 405, 413, 429) or not is_bare or request.path.startswith("/callbacks/"):
            return response
        page = _own(request, response.status_code)
        for name in ("Allow", "Retry-After"):
            if name in response.headers:
                page[name] = response[name]
        return page


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Return 404. The answer is the same if nothing is there and if it belongs to somebody else."""
    text = _("There is no such page, or it belongs to somebody else. Check the address, or begin at the first page.")
    return _answer(request, 404, _("This page does not exist"), text, shows_user=True)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 403: somebody may not do this. If a role lacks the right, it says who can give it."""
    if isinstance(exception, NotAllowed):
        text = exception.in_words(request)
    else:
        text = _("Your login may not do this. Nothing was changed. Ask the person who gave you the login.")
    return _answer(request, 403, _("This is not allowed"), text, shows_user=True)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return 403 for a form that was sent without the secret of its page: mostly one that stood open during a logout."""
    text = _(
        "The form was open for too long, or you have logged in again since. Nothing was changed. Go back, load the page again "
        "and send the form once more."
    )
    log.warning("a form was refused (%s): %s", reason, request.path)
    note("form refused", request)
    request.META[NOTED] = True
    return _answer(request, 403, _("Nothing was done"), text)


def failed(request: HttpRequest) -> HttpResponse:
    """Return the answer to a request that failed. If the database was the cause (others are writing, its disk is full),
    it is 503 with words and *Retry-After*, because nothing was stored; otherwise it is 500. It does not use the
    database.
    """
    error = sys.exc_info()[1]
    if not isinstance(error, OperationalError | InterfaceError):
        text = _(
            "The server has made a mistake, and its log says which one. Before you try again, check whether your "
            "change was made. A payment that is sent twice from the same page is booked only once."
        )
        return _answer(request, 500, _("Something went wrong"), text)
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
    response = _answer(request, 503, _("Nothing was done"), text, again=True)
    response["Retry-After"] = str(again)
    return response


def _answer(
    request: HttpRequest, status: int, title: str, text: str, again: bool = False, shows_user: bool = False
) -> HttpResponse:
    """Return a page, or JSON to a program. `again`: it offers to try again, otherwise the first page. `shows_user`: it says
    who is logged in, which asks the database.
    """
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": text}, status=status)
    context = {"title": title, "text": text, "again": again}
    if shows_user:
        return render(request, "web/layout/trouble.html", context, status=status)
    return HttpResponse(render_to_string("web/layout/trouble.html", context), status=status)
