"""A page with a live part, which htmx asks for every two seconds and which is sent only when it has changed.

In the page of one meter a part of it, the present, is newer than all else (`looking`).
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

PLACE = "<!-- present -->"
"""Where in the live part the present goes."""


def live_page(
    request: HttpRequest, page: str, part: str, context: dict[str, Any], present: str | None = None
) -> HttpResponse:
    """The whole page; or, asked by htmx, its live part alone, or 204 if it is the one that the browser has. `present`: the
    part of it that is sent in any case.
    """
    html = render_to_string(part, {**context, "present": PLACE}, request)
    seen = hashlib.sha256(html.encode()).hexdigest()[:16]
    if present is not None:
        html = html.replace(PLACE, present)
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, page, {**context, "live": html, "seen": seen})
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204) if present is None else present_alone(present)
    return render(request, "portal/live.html", {"live": html, "seen": seen})


def present_alone(html: str) -> HttpResponse:
    """The present, to be put in the place of the one that the browser has."""
    return HttpResponse(html, headers={"HX-Retarget": "#now", "HX-Reswap": "outerHTML"})
