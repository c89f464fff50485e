"""What browsers ask for to make an app of the tenant's pages, and what the worker keeps in the phone."""

from __future__ import annotations

import hashlib

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from ...accounts.languages import known
from ...core.languages import ENGLISH
from ...core.time import now
from ...web.headers import for_everybody
from .kept import kept_of
from .worker import ICON, text

COLOUR, GROUND = "#0f766e", "#f6f7f6"
"""The colour of the sign (`bolt.svg`), and the ground of pages by day."""
ICONS = ((ICON, 192, "any"), ("web/icons/icon-512.png", 512, "any"), ("web/icons/maskable-512.png", 512, "maskable"))


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """Return what browsers show of the app, in the language that the page says: they ask for it without a login."""
    with override(known(request.GET.get("language", "")) or get_language()):
        return for_everybody(request, JsonResponse(_manifest(), content_type="application/manifest+json"))


def _manifest() -> dict[str, object]:
    home = reverse("tenant:home:tenancy")
    icons = [
        {"src": static(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in ICONS
    ]
    shortcuts = ((_("Top up"), "pay"), (_("Codes to type"), "codes"))
    return {
        "id": home,
        "start_url": home,
        "scope": "/",
        "name": _("prewatt: my electricity"),
        "short_name": "prewatt",
        "description": _("What is left, for how long, and how to pay: the electricity of your flat."),
        "lang": get_language() or ENGLISH,
        "display": "standalone",
        "theme_color": COLOUR,
        "background_color": GROUND,
        "categories": ["utilities"],
        "icons": icons,
        "shortcuts": [{"name": name, "url": f"{home}#{part}", "icons": icons[:1]} for name, part in shortcuts],
    }


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Return the worker, for all pages."""
    answer = for_everybody(request, HttpResponse(text(), content_type="text/javascript"))
    answer["Service-Worker-Allowed"] = "/"
    return answer


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Return the page that the worker shows without a network. Nothing of anybody is in it: what is kept is put in there."""
    return render(request, "tenant/app/offline.html")


@login_required
@require_GET
def kept(request: HttpRequest) -> HttpResponse:
    """Return what the worker keeps of this login; 404 if they live nowhere, and a few bytes if the phone has it already."""
    kept_flats = kept_of(request.user, now())
    if not kept_flats.flats:
        raise Http404
    body = msgspec.json.encode(kept_flats)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    response = HttpResponse(body, content_type="application/json", headers={"ETag": etag})
    return get_conditional_response(request, etag=etag, response=response) or response
