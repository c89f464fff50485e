"""The addresses of the pages of one's own flat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from ..web.access import chosen_flat, flats_now

View = Callable[..., HttpResponse]


def of_flat(route: str, view: View, name: str, given: Mapping[str, Any] | None = None) -> list[URLPattern]:
    """Return the addresses of a page of one's own flat. One names the tenancy: forms have that one, so that nobody with two
    flats pays for the wrong one. One does not: notices and bookmarks lead there, and whoever has several flats is led on to
    the one that they chose last.
    """
    more = dict(given or {})
    return [
        path(f"me/tenancies/<int:tenancy>/{route}", view, more, name=name),
        path(f"me/{route}", _led_on(view), more, name=name),
    ]


def _led_on(view: View) -> View:
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD") and len(flats_now(request)) > 1 and request.resolver_match:
            flat, asked = chosen_flat(request), request.GET.urlencode()
            given = {**request.resolver_match.kwargs, "tenancy": flat.pk if flat else 0}
            address = reverse(request.resolver_match.view_name, kwargs=given)
            return redirect(f"{address}?{asked}" if asked else address)
        return view(request, *args, **kwargs)

    return shown
