"""A page with a live part. htmx asks for that part every two seconds, and it is sent only if it has changed.

In the page of one meter, one part of it, the present, is newer than everything else (see `looking`).
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

PLACE = "<!-- present -->"
"""The place of the present in the live part."""


def live_page(request: HttpRequest, page: str, part: str, context: dict[str, Any], present: str = "") -> HttpResponse:
    """Return the whole page. If htmx asks, return only its live part, or 204 if the browser has it already. `present`:
    the part that is sent in any case.
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
    """Return the present, to replace the one that the browser has."""
    return HttpResponse(html, headers={"HX-Retarget": "#now", "HX-Reswap": "outerHTML"})
