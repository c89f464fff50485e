"""Pages of alarms: what they ask, and what can be done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ....kernel.calendar import zone
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
        "where": zone(property_.zone),
        "alarms": open_alarms(property_),
        "settled": settled.select_related("meter__unit", "gateway").order_by("-resolved_at", "-pk")[:SETTLED_SHOWN],
        "common": common,
        "silences": Silence.objects.filter(gateway__property=property_).select_related("gateway", "meter__unit")[
            :SILENCES_SHOWN
        ],
    }
    return render(request, "console/alarms/alarms.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one alarm: what is known, and what can be done about it; do what was chosen."""
    found = alarm_of_manager(request, pk)
    meter = found.meter
    if request.method == "POST":
        try:
            asked = _act(request, found)
        except (ValueError, ValidationError) as error:
            refuse(request, error, request.POST.get("answer", ""))
            return redirect("console:alarms:alarm", pk=pk)
        if asked is not None:
            return asked
        return redirect(page_of(meter) if meter else reverse("console:alarms:alarms", args=[found.property.pk]))
    gateway = _gateway(found)
    context: dict[str, Any] = {
        "alarm": found,
        "meter": meter,
        "property": found.property,
        "where": zone(found.property.zone),
        "currency": found.property.currency,
        "home": page_of(meter) if meter else reverse("console:alarms:alarms", args=[found.property.pk]),
        "question": None if found.is_resolved else question(found),
        "foreign": foreign_serial(meter) if meter and found.kind == "foreign-meter" else "",
        "unbooked": found.kind == UNBOOKED,
        "early": charged_early(meter, found.seq) if meter and found.kind == EARLY else None,
        "twice": found.kind == TWICE,
        "journal_gap": found.kind == openings.GAP,
        "gap": differences.gap(found),
        "gap_waits": as_metered.waiting(found),
        "gateway": gateway,
    }
    if not found.is_resolved and found.kind.startswith(("clock", "journal")):
        ahead = meters_ahead(gateway)
        context |= {
            "ahead": meter if meter and is_ahead(meter, now()) else None,
            "ahead_by": (meter.at or 0) - now() if meter else 0,
            "on_its_way": bool(meter and on_its_way(meter)),
            "too_early": charged_early(meter) if meter else None,
            "others": [each for each in ahead if each != meter],
        }
    return render(request, "console/alarms/alarm.html", context)


def _act(request: HttpRequest, found: Alarm) -> HttpResponse | None:
    """Do what a button of an alarm's page says; the page that asks, if that is asked about first. ValueError,
    ValidationError, for people, if it can't be done.
    """
    given, do, user = request.POST, request.POST.get("do", "settle"), request.user
    said = _("The alarm is settled in your name.")
    if do == "settle":
        settle(found, user.get_username())
    elif do == "answer":
        answer = given.get("answer", "")
        amount = 0
        if answer == "energy":
            amount = typed_kwh(given.get("kwh", ""), "kwh")
        elif answer == "money":
            amount = typed_money(given.get("amount", ""), "amount", found.property.currency)
            unit = found.meter.unit if found.meter else None
            who, back = found.who, reverse("console:alarms:alarm", args=[found.pk])
            asked = ask_about(request, unit, str(who), amount, _("So much money"), back, answer) if unit else None
            if asked is not None:
                return asked
        made = reply(found, answer, amount, user)
        if any(each.state == Adjustment.State.WAITING for each in made):
            said = _("It is waiting for a second person, under Books.")
        elif made:
            said = _("The charge is booked and is being sent to the meter.")
        else:
            said = _("Nothing is charged for that time.")
    elif do == "lead-back" and found.meter is not None:
        lead_back(found.meter, user.get_username())
        said = _("The order is on its way.")
    elif do == "lead-back-all":
        lead_back_all(_gateway(found), user.get_username())
        said = _("The orders are on their way.")
    elif do == "give-back-early" and found.meter is not None:
        made_early = give_back_early(found.meter, found.seq, user)
        settle(found, user.get_username())
        waits = made_early.state == Adjustment.State.WAITING
        said = _("It is waiting for a second person, under Books.") if waits else _("It is on its way to the meter.")
    elif do == "give-back-twice":
        give_back_twice(found, user)
        said = _("It is given back.")
    elif do == "go-on":
        openings.go_on(found, user.get_username())
        said = _("The journal goes on.")
    elif do == "as-metered":
        as_metered.propose(found, user, given.get("reason", ""))
        said = _("It is waiting for a second person, under Books.")
    elif do == "book":
        book_found(found, user)
        settle(found, user.get_username())
        said = _("It is booked.")
    else:
        raise ValidationError({"do": _("There is no such choice.")})
    messages.success(request, said)
    return None


SETTLED_SHOWN, SILENCES_SHOWN = 30, 10
