"""Who must have a second factor, by the setting PREWATT_SECOND_FACTOR. A user who has none yet is asked to set one up at the
next log-in, before anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ..accounts.memberships import Membership
from ..accounts.rights import Role
from ..core.server_config import SecondFactor

_OPEN = (
    "account_logout",
    "account_reauthenticate",
    "mfa_",
    "sign_in:",
    "account_request_reauth",
    "account_confirm_reauth",
)
"""The beginnings of the names of the pages that people see before they have set a second factor up."""


def must_have(user: Any) -> bool:
    """Return whether a user must have a second factor."""
    rule: SecondFactor = settings.CONFIG.second_factor
    if rule == SecondFactor.NONE:
        return False
    if user.is_superuser or user.is_staff:
        return True
    return rule == SecondFactor.OWNERS and Membership.objects.filter(user=user.pk, role=Role.OWNER).exists()


def has(user: Any) -> bool:
    """Return whether a user has a second factor: an authenticator app or a passkey."""
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


class RequireSecondFactor:
    """Middleware: shows nothing but the pages of their own login to those who must set a second factor up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Return the redirect to the page where a second factor is set up; None if it is not missing."""
        if settings.CONFIG.second_factor == SecondFactor.NONE or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        user = request.user
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not user.is_authenticated or name.startswith(_OPEN) or not must_have(user) or has(user):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(
                {"detail": _("This login needs a second factor. Set it up on the page first.")}, status=403
            )
        return redirect("mfa_index")
