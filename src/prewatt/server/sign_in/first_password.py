"""People who log in with a first password choose a password of their own before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ..accounts.first_passwords import FirstPassword

FIRST = "first password"
"""The key that a session has until its person has chosen a password."""
_OPEN = (
    "account_logout",
    "account_change_password",
    "account_reauthenticate",
    "account_request_reauth",
    "account_confirm_reauth",
    "mfa_",
)
"""The beginnings of the names of the pages that are needed to choose a password."""


def note_first(request: HttpRequest, user: Any) -> None:
    """Note in a new session that its user logged in with a first password, if that is so."""
    if FirstPassword.objects.filter(user=user.pk).exists():
        request.session[FIRST] = True


class ChangeFirstPassword:
    """Middleware: shows people with a first password only the page where they change it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Return the redirect to the page where the password is changed; None if it need not be changed first."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.session.get(FIRST):
            return None
        if not FirstPassword.objects.filter(user=request.user.pk).exists():
            del request.session[FIRST]
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name.startswith(_OPEN):
            return None
        if "HX-Request" not in request.headers:
            messages.info(
                request, _("Choose a password of your own. The printed one is valid only for this first log-in.")
            )
        return redirect("account_change_password")
