"""The page on which a meter is exchanged."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from ....kernel.calendar import zone
from ....kernel.units import exact_kwh
from ...core.amounts import typed_kwh
from ...vending.exchanges import UNKNOWN, exchange, foreign_serial, last_read, look, waiting_exchange
from ...vending.models import MeterExchange
from ...web.access import meter_of_manager, page_of
from ...web.forms import one_of
from ...web.kept import say

EXCHANGE = {"first": _lazy("The new meter shows, kWh"), "last": _lazy("register on the display, kWh")}
"""The names of the fields in the form of an exchange."""


@login_required
@require_http_methods(["GET", "POST"])
def exchange_meter(request: HttpRequest, pk: int) -> HttpResponse:
    """Exchange a meter: take what was typed, show what follows, then do it."""
    meter, given = meter_of_manager(request, pk=pk), request.POST
    typed = {name: given.get(name, "") for name in ("serial", "first", "last", "end")}
    outlook = None
    if request.method == "POST":
        try:
            do = one_of(given, "do", ("", "exchange"))
            first, last = exact_kwh(typed_kwh(typed["first"], "first")), _ended(given)
            outlook = look(meter, typed["serial"], first, last)
            if do == "exchange":
                exchange(meter, typed["serial"], first, last, request.user.get_username())
                words = (
                    _("The exchange for %(serial)s is on its way.")
                    if meter.gateway.is_online
                    else _("The exchange for %(serial)s waits until the building is online.")
                )
                messages.success(request, words % {"serial": outlook.serial})
                return redirect(page_of(meter))
        except ValidationError as error:
            say(request, error, EXCHANGE)
    else:
        typed = {"serial": foreign_serial(meter), "first": "", "last": "", "end": MeterExchange.End.READ}
    context = {
        "meter": meter,
        "property": meter.property,
        "zone_info": zone(meter.property.zone),
        "typed": typed,
        "outlook": outlook,
        "read": last_read(meter),
        "ends": MeterExchange.End.choices,
        "waiting": waiting_exchange(meter),
        "foreign": foreign_serial(meter),
        "home": page_of(meter),
    }
    return render(request, "console/meters/exchange.html", context)


def _ended(given: QueryDict) -> str:
    """Return the last register of the old meter, as `exchanges.look` takes it."""
    end, last = one_of(given, "end", ("", *MeterExchange.End.values)), given.get("last", "").strip()
    if end == MeterExchange.End.READ or (not end and not last):
        return ""
    if end == MeterExchange.End.UNKNOWN or (not end and last == UNKNOWN):
        return UNKNOWN
    if not last:
        raise ValidationError({"last": _("Enter the register on the old meter's display, or choose another line.")})
    return exact_kwh(typed_kwh(last, "last"))
