"""Before something that matters, people show again who they are, if they have not typed the password or used the second factor in
the last quarter of an hour. So nobody pays out money at a browser that somebody has left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import is_reauthentication_required, suspend_request
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from ..web.needs import API, READING

MATTERS = frozenset(
    {
        "admin:auth_user_add",
        "admin:auth_user_change",
        "admin:auth_user_delete",
        "admin:auth_user_password_change",
        "console:books:give_back",
        "console:estate:gateway_code",
        "console:keys:keys",
        "console:merchants:merchant",
        "console:merchants:new_merchant",
        "console:owed:refund_paid",
        "console:owed:refund_to",
        "console:payments:refund_by_provider",
        "console:people:change",
        "console:people:invite",
        "console:people:remove",
        "console:residents:again",
        "sign_in:end_others",
        "sign_in:forget_phone",
    }
)
"""The names of the pages whose forms matter. For changes of credentials the library asks by itself."""
KEPT_BACK = frozenset(
    {
        "admin:auth_user_add",
        "admin:auth_user_password_change",
        "console:merchants:merchant",
        "console:merchants:new_merchant",
    }
)
"""The pages on which secrets are typed: people are asked before such a page is shown, so that no secret waits in a session."""

CALLS_THAT_MATTER = frozenset(
    {
        "refunds/<pk>/pay-outs",
        "refunds/<pk>/send-to",
        "tenancies/<pk>/adjustments",
        "tenancies/<pk>/goodwill",
    }
)
"""The calls of the API that do the same. They are refused to a browser whose owner was not asked lately, but not to a key."""


class AskAgain:
    """Middleware: asks people again who they are, before something that matters. A form that was sent is kept, and done afterwards."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Return the redirect to the question if it must be asked first, or the refusal of a call; None otherwise."""
        if request.path.startswith(f"/{API}"):
            return _refuse_call(request)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name not in MATTERS or not request.user.is_authenticated:
            return None
        if request.method == "GET" and name not in KEPT_BACK:
            return None
        if not is_reauthentication_required(request, app="allauth.account"):
            return None
        methods = get_adapter(request).get_reauthentication_methods(request.user)
        if not methods:
            return None
        if name in KEPT_BACK and request.method != "GET":
            request.method = "GET"
        answer: HttpResponse = suspend_request(request, methods[0]["url"])
        return answer


def _refuse_call(request: HttpRequest) -> HttpResponse | None:
    """Return the refusal of a call that matters, by a log-in whose owner was not asked lately who they are."""
    route = request.resolver_match.route.removeprefix(API) if request.resolver_match else ""
    by_key = request.headers.get("Authorization", "").lower().startswith("bearer ")
    if route not in CALLS_THAT_MATTER or request.method in READING or by_key or not request.user.is_authenticated:
        return None
    if not is_reauthentication_required(request, app="allauth.account"):
        return None
    said = _("Nothing was changed. Log in again on the page first, or use a key for programs.")
    return JsonResponse({"detail": said}, status=403)


def asked(request: HttpRequest, user: Any) -> None:
    """Note that somebody has just logged in: for a quarter of an hour they are not asked again."""
    record_authentication(request, user, method="password", reauthenticated=True)
