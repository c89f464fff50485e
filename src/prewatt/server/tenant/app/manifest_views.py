"""What browsers ask for to make an app of the tenant's pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ...accounts.languages import known
from ...core.languages import ENGLISH
from ...web.headers import for_everybody
from .worker import ICON

COLOUR, GROUND = "#0f766e", "#f6f7f6"
"""The colour of the sign (`bolt.svg`), and the ground of pages by day."""
ICONS = ((ICON, 192, "any"), ("web/icons/icon-512.png", 512, "any"), ("web/icons/maskable-512.png", 512, "maskable"))


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """Return what browsers show of the app, in the language that the address names (`language`): browsers ask without a login."""
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
