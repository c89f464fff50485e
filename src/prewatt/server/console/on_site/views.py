"""The page with which staff work at a gateway over Bluetooth, also without a network. It says nothing of flats or people, so
that the phone can keep it: what the phone may do, and where, lies in the phone (`static/web/on_site/phone.js`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from ....kernel.orders import BY_STAFF, needs
from ....kernel.switching import SwitchProgress
from ....wire.on_site import READ_HEAD, SET_CLOCK

WORKER = Path(__file__).with_name("worker.js")
FILES = ("web/bolt.svg", "web/all.css", "web/page.js", "web/on-site.js")
"""The files that the page needs. `layout/base.html` names them, too."""
STATES: Mapping[str, str | Promise] = {
    "unknown": _("not known"),
    "on": _("on"),
    "off": _("off"),
    "told-on": _("told to switch on"),
    "told-off": _("told to switch off"),
    "not-on": _("did not switch on"),
    "not-off": _("did not switch off"),
    "button": _("press the button at the meter"),
}
"""How a supply stands, as far as somebody has seen it."""
FIELDS = {"amount": "amount", "until": "hours", "watts": "watts", "override": "override"}
"""The field of the form for each detail of an order: how long it holds is typed in hours."""
PROGRESS = {"failed": SwitchProgress.FAILED, "button": SwitchProgress.WAITS_FOR_BUTTON, "seen": SwitchProgress.VERIFIED}


@login_required
@require_GET
def on_site(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    orders = [
        {
            "name": name,
            "label": _(kind.label),
            "effect": _(kind.effect),
            "darkens": kind.darkens,
            "fields": " ".join(field for detail, field in FIELDS.items() if needs(kind, detail)),
        }
        for name, kind in BY_STAFF.items()
    ]
    context = {"orders": orders, "states": STATES, "progress": PROGRESS, "head": READ_HEAD, "clock": SET_CLOCK}
    return render(request, "console/on_site/on_site.html", context)


def _files() -> dict[str, Any]:
    """Return what a phone keeps to open the page without a network: the page, and files whose names tell of their content."""
    return {"page": reverse("console:on_site:on_site"), "files": [static(name) for name in FILES]}


@require_GET
def files(_request: HttpRequest) -> JsonResponse:
    """Return, as JSON, the page and the files that a phone keeps."""
    return JsonResponse(_files())


@require_GET
def worker(_request: HttpRequest) -> HttpResponse:
    """Return the service worker that keeps the page and its files, and opens the page without a network. It serves the
    addresses of this page alone, and knows of no other worker. It changes when a file changes, so that browsers fetch
    both.
    """
    listed = _files()
    version = hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:12]
    given = json.dumps({**listed, "cache": f"on-site-{version}"})
    return HttpResponse(
        f"const KEPT = {given};\n{WORKER.read_text()}",
        content_type="text/javascript",
        headers={"Service-Worker-Allowed": listed["page"]},
    )
