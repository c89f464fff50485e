"""The first page after the login."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from ..accounts.languages import choose, known
from ..accounts.rights import Right
from ..accounts.tenants import tenancies_of_login
from ..commissioning.progress import Step, progress_of
from ..core.time import now
from .access import organisations, properties
from .gate import reach


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send the user to their own first page."""
    user: Any = request.user
    if organisations(request):
        if _has_to_begin(request):
            return redirect("console:begin:begin")
        return redirect("console:overview:properties")
    if tenancies_of_login(user).exists():
        return redirect("tenant:home:tenancy")
    return redirect("admin:index") if user.is_staff else render(request, "web/layout/nothing.html")


def _has_to_begin(request: HttpRequest) -> bool:
    """Return whether a login that may set things up has no building yet, or is in the middle of its first one."""
    owner = reach(request).organisations(Right.SETTINGS).first()
    buildings = list(properties(request)[:2])
    if owner is None or len(buildings) > 1:
        return False
    return not buildings or progress_of(buildings[0], now()).next in (Step.UNITS, Step.PRICE)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on, and go back to the page where it was chosen."""
    back = request.POST.get("back", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(
        back, {request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(back if is_ours else reverse("web:home"))
    if code := known(request.POST.get("language", "")):
        choose(request, response, code)
    return response
