"""The page of one keypad meter: where it hangs, what was sold to it, and the readings that people typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ....kernel.calendar import zone
from ...core.amounts import typed_kwh
from ...core.time import now
from ...core.uploads import LARGEST_PHOTOS, takes
from ...correspondence.photos import encode
from ...estate.models import Unit
from ...estate.wall_clock import shown, wall_clock
from ...vending.keypad_models import KeypadReading
from ...vending.keypad_places import place
from ...vending.keypad_readings import readings, sold
from ...vending.keypad_spans import spans
from ...vending.keypads import tenant_at
from ...vending.models import KeypadEntry, TokenMeter
from ...vending.refusals import GivingBackError, TopUpError
from ...vending.typed_readings import ReadingRefused, take_reading, withdraw
from ...web.access import as_picture, keypad_meter_of_manager, keypad_meters, properties
from ...web.forms import key
from ...web.kept import refuse
from ...web.keypad import keypad_panel
from .account_actions import ACTIONS
from .keeping_actions import KEEPING

NOWHERE = "nowhere"
"""The choice of no unit, in the form."""


@takes(LARGEST_PHOTOS)
@login_required
@require_http_methods(["GET", "POST"])
def keypad_meter(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a keypad meter; say where it hangs, take a reading or withdraw the last one."""
    meter = keypad_meter_of_manager(request, pk)
    if request.method == "POST":
        do = request.POST.get("do", "")
        try:
            _do(request, meter, do)
        except (ReadingRefused, TopUpError, GivingBackError, ValidationError) as error:
            refuse(request, error, do)
        return redirect("console:keypads:keypad_meter", pk=meter.pk)
    units = _units(request, meter).select_related("property")
    property_ = meter.unit.property if meter.unit else None
    tenancy = tenant_at(meter)
    entries = KeypadEntry.objects.filter(
        token_meter=meter, kind=KeypadEntry.Kind.SOLD, tenancy__settled_at__isnull=True
    )
    context = {
        "meter": meter,
        "units": units.order_by("property__name", "name"),
        "sold": sold(meter),
        "last": readings(meter).last(),
        "spans": spans(meter)[::-1],
        "zone_info": zone(property_.zone) if property_ else None,
        "keypad": keypad_panel(tenancy, now()) if tenancy else None,
        "entries": entries.select_related("code", "tenancy").order_by("-at", "-pk")[:20],
        "default": shown(now(), property_)[:16].replace(" ", "T") if property_ else "",
    }
    return render(request, "console/keypads/meter.html", context)


def _do(request: HttpRequest, meter: TokenMeter, do: str) -> None:
    actions: dict[str, Callable[[HttpRequest, TokenMeter], None]] = {
        "place": _place,
        "reading": _take_reading,
        "withdraw": _withdraw,
        **ACTIONS,
        **KEEPING,
    }
    if do not in actions:
        raise ReadingRefused(_("There is no such choice."))
    actions[do](request, meter)


def _units(request: HttpRequest, meter: TokenMeter) -> QuerySet[Unit]:
    """Return the units at which a meter may be put: those of its organisation at the properties that the login may see."""
    return Unit.objects.filter(property__organisation=meter.organisation, property__in=properties(request))


def _place(request: HttpRequest, meter: TokenMeter) -> None:
    typed = request.POST.get("unit", "")
    if typed == NOWHERE:
        place(meter, None)
        messages.success(request, _("The meter is at no unit now."))
        return
    unit = _units(request, meter).filter(pk=key(typed)).first()
    if unit is None:
        raise ReadingRefused(_("There is no such choice."), "unit")
    place(meter, unit)
    messages.success(request, _("The meter is at this unit."))


def _take_reading(request: HttpRequest, meter: TokenMeter) -> None:
    given = request.POST
    if meter.unit is None:
        raise ReadingRefused(_("First choose the unit of the meter."))
    files: list[Any] = [each for each in request.FILES.getlist("photos") if each]
    pictures = encode(files, most=1)
    take_reading(
        meter,
        wall_clock(given.get("at", ""), meter.unit.property, "at"),
        typed_kwh(given.get("kwh", ""), "kwh"),
        request.user.get_username(),
        left=typed_kwh(given["left"], "left") if given.get("left") else None,
        photo=pictures[0].content if pictures else None,
        sure=given.get("sure") == "on",
    )
    messages.success(request, _("The reading is saved."))


def _withdraw(request: HttpRequest, meter: TokenMeter) -> None:
    withdraw(meter, key(request.POST.get("reading", "")) or 0, request.user.get_username())
    messages.success(request, _("The reading is withdrawn."))


@login_required
@require_GET
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the photo of a reading, as a picture and nothing else."""
    reading = get_object_or_404(KeypadReading, pk=pk, token_meter__in=keypad_meters(request), photo__isnull=False)
    if reading.photo is None:
        raise Http404
    return as_picture(bytes(reading.photo), f"reading-{reading.pk}.jpg")
