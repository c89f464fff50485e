"""Pages of alarms: what they ask, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ....kernel.calendar import zone
from ...commissioning.found import FOUND, confirm
from ...core.amounts import typed_kwh, typed_money
from ...core.time import now
from ...metering.alarms import open_alarms, settle
from ...metering.models import Alarm, Gateway, Meter, Silence
from ...sales import as_metered, differences, openings
from ...sales.found import book_found
from ...sales.leading_back import (
    EARLY,
    charged_early,
    give_back_early,
    is_ahead,
    lead_back,
    lead_back_all,
    meters_ahead,
    on_its_way,
)
from ...sales.questions import TWICE, give_back_twice, question, reply
from ...vending.exchanges import foreign_serial
from ...vending.models import Adjustment
from ...vending.unbooked import UNBOOKED
from ...web.access import alarm_of_manager, page_of, property_of_manager
from ...web.kept import refuse
from ...web.paging import list_page
from ...web.sure import ask_about


def _gateway(alarm: Alarm) -> Gateway:
    gateway = alarm.meter.gateway if alarm.meter else alarm.gateway
    assert gateway is not None
    return gateway


@login_required
@require_GET
def alarms(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what somebody must look at in a property, and what was settled last."""
    property_ = property_of_manager(request, pk)
    settled = Alarm.objects.filter(
        Q(meter__gateway__property=property_) | Q(gateway__property=property_), is_resolved=True
    )
    common = Meter.objects.filter(gateway__property=property_, unit__isnull=True).select_related("gateway")
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "alarms": list_page(request, _in_list(open_alarms(property_)), "open"),
        "page": list_page(request, _in_list(settled).order_by("-resolved_at", "-pk")),
        "common": common,
        "silences": Silence.objects.filter(gateway__property=property_).select_related("gateway", "meter__unit")[
            :SILENCES_SHOWN
        ],
    }
    return render(request, "console/alarms/alarms.html", context)


def _in_list(rows: QuerySet[Alarm]) -> QuerySet[Alarm]:
    """Return alarms with what the list shows of each: of a meter little more than its name."""
    shown = ("at", "text", "parts", "resolved_by", "resolved_at", "meter__name", "meter__unit__name", "gateway__name")
    return rows.select_related("meter__unit", "gateway").only(*shown)


@login_required
@require_http_methods(["GET", "POST"])
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one alarm: what is known, and what can be done about it; do what was chosen."""
    alarm_ = alarm_of_manager(request, pk)
    meter = alarm_.meter
    home = page_of(meter) if meter else reverse("console:alarms:alarms", args=[alarm_.property.pk])
    if request.method == "POST":
        return _acted(request, alarm_, home)
    gateway = _gateway(alarm_)
    context: dict[str, Any] = {
        "alarm": alarm_,
        "meter": meter,
        "property": alarm_.property,
        "zone_info": zone(alarm_.property.zone),
        "currency": alarm_.property.currency,
        "home": home,
        "question": None if alarm_.is_resolved else question(alarm_),
        "foreign": foreign_serial(meter) if meter and alarm_.kind == "foreign-meter" else "",
        "unbooked": alarm_.kind == UNBOOKED,
        "early": charged_early(meter, alarm_.seq) if meter and alarm_.kind == EARLY else None,
        "twice": alarm_.kind == TWICE,
        "journal_gap": alarm_.kind == openings.GAP,
        "meter_found": alarm_.kind == FOUND,
        "gap": differences.gap(alarm_),
        "gap_waits": as_metered.waiting(alarm_),
        "gateway": gateway,
    }
    if not alarm_.is_resolved and alarm_.kind.startswith(("clock", "journal")):
        context |= _journals_ahead(gateway, meter)
    return render(request, "console/alarms/alarm.html", context)


def _journals_ahead(gateway: Gateway, meter: Meter | None) -> dict[str, Any]:
    """Return what the page shows of journals that are ahead of the time: the meter's, and others of its gateway."""
    ahead = meters_ahead(gateway)
    return {
        "ahead": meter if meter and is_ahead(meter, now()) else None,
        "ahead_by": (meter.at or 0) - now() if meter else 0,
        "on_its_way": bool(meter and on_its_way(meter)),
        "too_early": charged_early(meter) if meter else None,
        "others": [each for each in ahead if each != meter],
    }


def _acted(request: HttpRequest, alarm: Alarm, home: str) -> HttpResponse:
    """Do what was chosen, and lead on: home, to the page that asks first, or back to the alarm if it can't be done."""
    try:
        asked = _act(request, alarm)
    except (ValueError, ValidationError) as error:
        refuse(request, error, request.POST.get("answer", ""))
        return redirect("console:alarms:alarm", pk=alarm.pk)
    return redirect(home) if asked is None else asked


def _act(request: HttpRequest, alarm: Alarm) -> HttpResponse | None:
    """Do what a button of an alarm's page says, and say what was done. Returns the page that asks first, if there is one.
    Raises ValueError or ValidationError, for people, if it can't be done.
    """
    do = request.POST.get("do", "settle")
    if do == "answer":
        return _answer(request, alarm)
    action = _ACTIONS.get(do)
    if action is None or (do in _OF_METER and alarm.meter is None):
        raise ValidationError({"do": _("There is no such choice.")})
    messages.success(request, action(request, alarm))
    return None


def _answer(request: HttpRequest, alarm: Alarm) -> HttpResponse | None:
    """Charge what a person says for a time that was not measured."""
    given, answer, amount = request.POST, request.POST.get("answer", ""), 0
    if answer == "energy":
        amount = typed_kwh(given.get("kwh", ""), "kwh")
    elif answer == "money":
        amount = typed_money(given.get("amount", ""), "amount", alarm.property.currency)
    charge = partial(reply, alarm, answer, amount, request.user)
    unit = alarm.meter.unit if alarm.meter else None
    if answer == "money" and unit:
        back, what = reverse("console:alarms:alarm", args=[alarm.pk]), _("This amount of money")
        asked = ask_about(request, unit, alarm.who, amount, what, back, charge, answer)
        if asked is not None:
            return asked
    adjustments = charge()
    if any(each.state == Adjustment.State.WAITING for each in adjustments):
        messages.success(request, _("A second person has to agree first, under Books."))
    elif adjustments:
        messages.success(request, _("The charge is booked and is being sent to the meter."))
    else:
        messages.success(request, _("Nothing is charged for that time."))
    return None


# -- the buttons of an alarm's page: each does something, and returns what is said then -------------------------------------


def _settle(request: HttpRequest, alarm: Alarm) -> str:
    settle(alarm, request.user.get_username())
    return _("The alarm is settled in your name.")


def _lead_back(request: HttpRequest, alarm: Alarm) -> str:
    assert alarm.meter is not None
    lead_back(alarm.meter, request.user.get_username())
    return _("The order is on its way.")


def _lead_back_all(request: HttpRequest, alarm: Alarm) -> str:
    lead_back_all(_gateway(alarm), request.user.get_username())
    return _("The orders are on their way.")


def _give_back_early(request: HttpRequest, alarm: Alarm) -> str:
    assert alarm.meter is not None
    adjustment = give_back_early(alarm.meter, alarm.seq, request.user)
    settle(alarm, request.user.get_username())
    waits = adjustment.state == Adjustment.State.WAITING
    return (
        _("A second person has to agree first, under Books.") if waits else _("The amount is on its way to the meter.")
    )


def _give_back_twice(request: HttpRequest, alarm: Alarm) -> str:
    give_back_twice(alarm, request.user)
    return _("The amount charged is given back.")


def _go_on(request: HttpRequest, alarm: Alarm) -> str:
    openings.go_on(alarm, request.user.get_username())
    return _("The journal goes on.")


def _as_metered(request: HttpRequest, alarm: Alarm) -> str:
    as_metered.propose(alarm, request.user, request.POST.get("reason", ""))
    return _("A second person has to agree first, under Books.")


def _register(request: HttpRequest, alarm: Alarm) -> str:
    meter = confirm(alarm, request.user.get_username())
    return _("Meter %(meter)s is registered. The gateway puts it into service when it asks for its list again.") % {
        "meter": meter.hangs
    }


def _book(request: HttpRequest, alarm: Alarm) -> str:
    book_found(alarm, request.user)
    settle(alarm, request.user.get_username())
    return _("The change of credit is booked.")


_ACTIONS: dict[str, Callable[[HttpRequest, Alarm], str]] = {
    "settle": _settle,
    "lead-back": _lead_back,
    "lead-back-all": _lead_back_all,
    "give-back-early": _give_back_early,
    "give-back-twice": _give_back_twice,
    "go-on": _go_on,
    "as-metered": _as_metered,
    "book": _book,
    "register": _register,
}
_OF_METER = ("lead-back", "give-back-early")
"""Buttons that only an alarm of a meter has."""


SILENCES_SHOWN = 10
