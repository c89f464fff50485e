"""People who could not log in again are asked before a log-in ends: a tenant without a password would need a new paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from . import phones


def can_return(user: Any) -> bool:
    """Return whether a user has anything to log in with: a password, a phone, an e-mail address or a passkey."""
    return bool(
        user.has_usable_password()
        or phones.number_of(user)
        or EmailAddress.objects.filter(user=user, verified=True).exists()
        or Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()
    )


class AskBeforeLeaving:
    """Middleware: asks people who could not log in again before it logs them out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Return the page with the question; None if it was answered or need not be asked."""
        if request.method != "POST" or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name != "account_logout" or "sure" in request.POST or not request.user.is_authenticated:
            return None
        return None if can_return(request.user) else render(request, "sign_in/leaving.html")
