"""The worker of the tenant's app, with what it keeps in the phone."""

from __future__ import annotations

import hashlib

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_GET, require_safe

from ...core.time import now
from ...web.headers import for_everybody
from .kept import kept_of
from .worker import text


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Return the worker, for all pages."""
    answer = for_everybody(request, HttpResponse(text(), content_type="text/javascript"))
    answer["Service-Worker-Allowed"] = "/"
    return answer


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Return the page that the worker shows without a network. It has nothing about a person: `offline.js` puts in what the phone keeps."""
    return render(request, "tenant/app/offline.html")


@login_required
@require_GET
def kept(request: HttpRequest) -> HttpResponse:
    """Return what the worker keeps of this login; 304 if the phone has it already. Raises Http404 if the user lives nowhere."""
    kept_flats = kept_of(request.user, now())
    if not kept_flats.flats:
        raise Http404
    body = msgspec.json.encode(kept_flats)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    response = HttpResponse(body, content_type="application/json", headers={"ETag": etag})
    return get_conditional_response(request, etag=etag, response=response) or response
