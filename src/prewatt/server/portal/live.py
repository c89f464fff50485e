"""A page with a live part, which htmx asks for every two seconds and which is sent only when it has changed."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def live_page(request: HttpRequest, page: str, part: str, context: dict[str, Any]) -> HttpResponse:
    """The whole page; or, asked by htmx, its live part alone, or 204 if it is the one that the browser has."""
    html = render_to_string(part, context, request)
    seen = hashlib.sha256(html.encode()).hexdigest()[:16]
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, page, {**context, "live": html, "seen": seen})
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    return render(request, "portal/live.html", {"live": html, "seen": seen})
