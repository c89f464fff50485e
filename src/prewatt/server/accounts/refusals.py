"""Who is refused what goes to the security log. Who logs in and fails is noted at the doors (`sign_in`)."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from .security_log import note

REFUSED = {401: "not logged in", 403: "refused", 404: "not found", 429: "too many"}
"""Answers that are noted, by status; a page that is not there only of who is logged in, and may be after another's."""

NOTED = "prewatt.noted"
"""Set in `request.META` by who has noted a refusal in words of its own."""


class NoteRefusals:
    """Middleware that notes who was refused what. A form without the secret of its page is noted where
    it is refused."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        status = response.status_code
        if status in REFUSED and not request.META.get(NOTED):
            try:
                if status != 404 or (hasattr(request, "user") and request.user.is_authenticated):
                    note(REFUSED[status], request)
            except DatabaseError:
                # The database does not say who it is: the answer goes out all the same.
                note(REFUSED[status], None, status=status)
        return response
