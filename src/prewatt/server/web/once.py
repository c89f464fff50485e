"""A form that is sent twice, as by a double click, or from a page that was opened before, is done once. The second answer is the
first one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from ..accounts.sent_forms import StillAtItError, drop, first_answer, keep, key_of

SECRET = "csrfmiddlewaretoken"
"""The field with the secret of a form, which is another one each time that a page is shown."""
OWN_WAYS = ("prewatt.server.sign_in.", "allauth.")
"""The modules of views whose forms are about logging in: a second one is another try."""
FORM = "_sent_form"


class KeepAnswers:
    """Middleware that keeps what came of a form, once it is stored who is told what (the session)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        key = getattr(request, FORM, None)
        if key is not None:
            if _has_done_it(request, response):
                keep(key, _packed(response))
            else:
                drop(key)
        return response


class DoOnce:
    """Middleware that answers a form that was sent before with what came of it. It stands behind whatever refuses a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Return the answer to a form that was sent before; None for anything else."""
        if not _is_of_a_page(request, view):
            return None
        key = _key_of(request)
        try:
            answer = first_answer(key)
        except StillAtItError as error:
            return render(request, "web/layout/collision.html", {"text": str(error)}, status=409)
        if answer is None:
            setattr(request, FORM, key)
            return None
        return _again(request, answer)


def _is_of_a_page(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Return whether a request is a form that somebody who is logged in has sent, as a page of its own. What a script sends, such
    as to look at a draft, has the page's secret each time.
    """
    return (
        request.method == "POST"
        and "HX-Request" not in request.headers
        and not view.__module__.startswith(OWN_WAYS)
        and request.user.is_authenticated
        and SECRET in request.POST
    )


def _key_of(request: HttpRequest) -> str:
    """Return the key of a form: the log-in's, the address, the fields and the files."""
    files = [
        f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}"
        for name, each in request.FILES.lists()
        for file in each
    ]
    for _name, each in request.FILES.lists():
        for file in each:
            file.seek(0)
    fields = repr(sorted(request.POST.lists()))
    return key_of(request.session.session_key or "", request.get_full_path(), fields, *files)


def _has_done_it(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether a form was done, and not refused or asked about: then it leads on, or shows what no browser may keep,
    since it is shown once.
    """
    said = getattr(getattr(request, "_messages", None), "_queued_messages", ())
    if any(each.level >= messages.ERROR for each in said):
        return False
    return response.status_code == 302 or (
        response.status_code == 200 and not response.streaming and "no-store" in response.get("Cache-Control", "")
    )


def _packed(response: HttpResponse) -> bytes:
    names = ("Location", "Content-Type", "Cache-Control")
    head = {name: response[name] for name in names if name in response}
    return json.dumps([response.status_code, head, response.content.decode()]).encode()


def _again(request: HttpRequest, answer: bytes) -> HttpResponse:
    """Return an answer that was given before, and say so, unless what the first one said is still to be shown."""
    status, head, content = json.loads(answer)
    if status == 302:
        _tell(request)
        return HttpResponseRedirect(head["Location"])
    return HttpResponse(content, status=status, headers=head)


def _tell(request: HttpRequest) -> None:
    # The first one may have written to the session since this request has read it.
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(request.session.session_key)
    if SessionStorage.session_key not in request.session:
        messages.info(request, _("You have sent this form already. It was done once."))
