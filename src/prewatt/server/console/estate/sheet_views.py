"""The sheet for a building's door: how tenants open the page that the gateway serves, when there is no network."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from segno import helpers

from ...web.access import property_of_manager
from ...web.site_pages import flat_page, qr_of, svg_of

LONGEST_NAME = 32
"""Bytes of a Wi-Fi's name, at most (IEEE 802.11)."""
PASSWORD = range(8, 64)
"""Characters that a Wi-Fi's password may have (WPA)."""


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def door_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sheet in all languages, to print. A Wi-Fi that is typed gets a QR code on it, and is kept nowhere."""
    property_ = property_of_manager(request, pk)
    wifi, password = request.POST.get("wifi", "").strip(), request.POST.get("password", "")
    wrong, joins = "", ""
    if request.method == "POST" and wifi:
        try:
            joins = _joins(wifi, password)
        except ValidationError as error:
            wrong = error.messages[0]
    address = flat_page(property_, None)
    context: dict[str, Any] = {
        "property": property_,
        "address": address,
        "qr": qr_of(address),
        "wifi": wifi,
        "password": password,
        "joins": joins,
        "wrong": wrong,
        "languages": [code for code, _name in settings.LANGUAGES],
    }
    return render(request, "console/estate/door_sheet.html", context, status=400 if wrong else 200)


def _joins(wifi: str, password: str) -> str:
    """Return the QR code by which a phone joins a Wi-Fi, as SVG. Raises ValidationError if no Wi-Fi is like that."""
    if len(wifi.encode()) > LONGEST_NAME:
        raise ValidationError(_("The name of a Wi-Fi has at most 32 letters, or 10 Chinese characters."))
    if password and len(password) not in PASSWORD:
        raise ValidationError(_("The password of a Wi-Fi has 8 to 63 characters. Leave it empty if there is none."))
    return svg_of(helpers.make_wifi(ssid=wifi, password=password or None, security="WPA" if password else None))
