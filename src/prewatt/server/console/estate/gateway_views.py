"""Pages of a property's gateways: how each stands, and the code with which a mini-PC enrols or takes another one's place."""

from __future__ import annotations

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ....kernel.calendar import zone
from ....kernel.names import natural
from ....wire.messages import MAX_METERS
from ...commissioning.additions import add_gateway
from ...commissioning.enrolment import new_code, until_when
from ...commissioning.installing import InstallError
from ...commissioning.progress import Step, without_credit
from ...core.addresses import leads_here, public
from ...core.time import now
from ...metering.models import Gateway
from ...web.access import property_of_manager, row_at
from ..begin.steps import onward, steps_above


def _gateway(request: HttpRequest, pk: int) -> Gateway:
    return row_at(request, Gateway.objects.select_related("property__organisation"), "property", pk=pk)


def _dark_at_first(gateway: Gateway) -> int:
    """Return how many flats go dark when a gateway runs for the first time."""
    return 0 if gateway.public_key else without_credit(gateway, now()).count()


@login_required
@require_http_methods(["GET", "POST"])
def gateways(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a property's gateways; add one."""
    property_ = property_of_manager(request, pk)
    wrong, status = "", 200
    if request.method == "POST":
        try:
            gateway = add_gateway(property_, request.POST.get("name", "").strip())
        except (InstallError, ValidationError) as error:
            wrong, status = "; ".join(getattr(error, "messages", [str(error)])), 400
        else:
            messages.success(request, _("%(name)s is added. Make its code now.") % {"name": gateway.name})
            return redirect("console:estate:gateways", pk=pk)
    rows = sorted(property_.gateways.all(), key=lambda each: natural(each.name))
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "steps": steps_above(property_, Step.GATEWAY),
        "gateways": [(each, each.meters.count(), _dark_at_first(each)) for each in rows if not each.is_revoked],
        "archived": [each for each in rows if each.is_revoked],
        "typed": request.POST.get("name", ""),
        "wrong": wrong,
        "most": MAX_METERS,
    }
    return render(request, "console/estate/gateways.html", context, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def gateway_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a code for a gateway, and show it once: as text, as a QR code, and as what is typed at the mini-PC. Who opens the
    address again is led to the building's gateways, and no code is made.
    """
    gateway = _gateway(request, pk)
    if request.method == "GET":
        return redirect("console:estate:gateways", pk=gateway.property_id)
    if gateway.is_revoked:
        messages.error(request, _("%(name)s is archived. Bring it back first.") % {"name": gateway.name})
        return redirect("console:estate:gateways", pk=gateway.property_id)
    server, text = server_address(request), new_code(gateway)
    is_here = leads_here(server)
    insecure = "--insecure " if server.startswith("http://") and not is_here else ""
    command = f"prewatt edge enrol {insecure}{server} {text}"
    context = {
        "property": gateway.property,
        "zone_info": zone(gateway.property.zone),
        "gateway": gateway,
        "steps": steps_above(gateway.property, Step.GATEWAY),
        "code": text,
        "server": server,
        "is_here": is_here,
        "command": command,
        "without_credit": _dark_at_first(gateway),
        "onward": onward(gateway.property, Step.GATEWAY),
        "ends": until_when(gateway),
        "qr": str(segno.make(command, error="m").svg_inline(scale=4, border=2)),
    }
    answer = render(request, "console/estate/gateway_code.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def server_address(request: HttpRequest) -> str:
    """Return the address of this server for a mini-PC elsewhere: as it is set, else as this browser has reached it."""
    if settings.CONFIG.public_url:
        return public("")
    return request.build_absolute_uri("/").rstrip("/")


@login_required
@require_GET
def gateway_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Return how a gateway stands, as the part of a page that asks again and again."""
    gateway = _gateway(request, pk)
    context = {"gateway": gateway, "zone_info": zone(gateway.property.zone)}
    return render(request, "console/estate/_gateway_state.html", context)
