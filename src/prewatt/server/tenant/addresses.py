"""The addresses of the pages of one's own flat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from ..web.access import chosen_flat, flats_now
from ..web.needs import READING

View = Callable[..., HttpResponse]


def of_flat(route: str, view: View, name: str, given: Mapping[str, Any] | None = None) -> list[URLPattern]:
    """Return the two addresses of a page of one's own flat. The first names the tenancy; forms have it, so that nobody with two
    flats pays for the wrong one. The second does not; notices and bookmarks have it, and it leads people with several
    flats on to the flat that they chose last.
    """
    more = dict(given or {})
    return [
        path(f"me/tenancies/<int:tenancy>/{route}", view, more, name=name),
        path(f"me/{route}", _led_on(view), more, name=name),
    ]


def _led_on(view: View) -> View:
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        flat, match = chosen_flat(request), request.resolver_match
        if flat is None or match is None:
            return view(request, *args, **kwargs)
        address = reverse(match.view_name, kwargs={**match.kwargs, "tenancy": flat.pk})
        if request.method not in READING:
            # What is typed into a form that is refused is kept for the address to which the page's forms are sent (`web.kept`).
            request.path = address
        elif len(flats_now(request)) > 1 and "pk" not in match.kwargs:
            asked = request.GET.urlencode()
            return redirect(f"{address}?{asked}" if asked else address)
        return view(request, *args, **kwargs)

    return shown
