"""Tells the worker in the phone (`tenant/app/worker.js`) for whose login an answer is. The worker forgets what it keeps of a login
as soon as a page is for another login, or for none.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

LOGIN = "Prewatt-Login"
"""The header with a name of the login that tells other people nothing; `NOBODY` if nobody is logged in. An answer lacks the header
if no code asked who is logged in.
"""
NOBODY = "-"


class TellLogin:
    """Middleware that tells whose an answer is. It asks the database nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.session.accessed:
            user = request.session.get(SESSION_KEY)
            response[LOGIN] = NOBODY if user is None else name_of_login(str(user))
        return response


def name_of_login(user: str) -> str:
    """Return the name of a login, from the key of its user. The key can't be found from the name."""
    return salted_hmac("prewatt.whose", user, algorithm="sha256").hexdigest()[:16]
