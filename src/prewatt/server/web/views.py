"""The first page after the login."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from ..accounts.tenants import tenancies_of_login
from .access import organisations


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send the user to their own first page."""
    user: Any = request.user
    if organisations(request):
        return redirect("console:overview:properties")
    if tenancies_of_login(user).exists():
        return redirect("tenant:home:tenancy")
    return redirect("admin:index") if user.is_staff else render(request, "web/layout/nothing.html")
