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


def live_page(request: HttpRequest, page: str, part: str, context: dict[str, Any], present: str = "") -> HttpResponse:
    """The whole page; or, asked by htmx, its live part alone, or 204 if it is the one that the browser has. `present`: the
    part of it that is sent in any case.
    """
    html = str(render_to_string(part, {**context, "present": PLACE}, request))
    seen = hashlib.sha256(html.encode()).hexdigest()[:16]
    shown = {"live": html.replace(PLACE, present), "seen": seen, "looks": bool(present)}
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, page, {**context, **shown})
    if request.GET.get("seen") == seen:
        return present_alone(present) if present else HttpResponse(status=204)
    return render(request, "web/layout/live.html", shown)


def present_alone(html: str) -> HttpResponse:
    """The present, to be put in the place of the one that the browser has."""
    return HttpResponse(html, headers={"HX-Retarget": "#now", "HX-Reswap": "outerHTML"})
