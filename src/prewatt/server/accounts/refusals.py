"""Notes log-ins, failed log-ins, log-outs and refusals in the security log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from .security_log import note

REFUSED = {401: "not logged in", 403: "refused", 404: "not found", 429: "too many"}
"""Answers that are noted, by status; 404 only of people who are logged in: they may be after what is another's."""

NOTED = "prewatt.noted"
"""The name that code sets in `request.META` if it has noted a refusal in words of its own."""


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


@receiver(user_logged_in)
def _logged_in(request: HttpRequest | None, user: Any, **_more: Any) -> None:
    note("log-in", request, user=user.pk)


@receiver(user_logged_out)
def _logged_out(request: HttpRequest | None, user: Any, **_more: Any) -> None:
    note("log-out", request, user=user.pk if user else None)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_more: Any) -> None:
    typed = str(credentials.get("username") or credentials.get("email") or "")
    # Typed names are not kept: people type their passwords there.
    account = get_user_model().objects.filter(username=typed).values_list("pk", flat=True).first()
    note("log-in failed", request, account=account)
