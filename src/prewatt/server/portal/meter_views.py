"""Pages of meters and alarms: an exchange, a journal that is led back, readings that were charged wrongly, what alarms ask."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods

from ...kernel.calendar import zone
from ...kernel.units import INT64_MAX, exact_kwh
from ..amounts import typed_kwh, typed_money, typed_whole
from ..metering.alarms import open_alarms, settle
from ..metering.models import Alarm, Gateway, Meter, Silence
from ..time import now
from ..vending import as_metered, openings
from ..vending.exchanges import UNKNOWN, exchange, foreign_serial, last_read, look, waiting_exchange
from ..vending.found import UNBOOKED, book_found
from ..vending.leading_back import (
    EARLY,
    charged_early,
    give_back_early,
    is_ahead,
    lead_back,
    lead_back_all,
    meters_ahead,
    on_its_way,
)
from ..vending.models import Adjustment, MeterExchange
from ..vending.questions import TWICE, give_back_twice, question, reply
from ..vending.wrong_readings import put_reading_right, right, wrong_readings
from .access import organisations, property_of_manager
from .forms import one_of
from .kept import refuse, say
from .sure import ask_about

SETTLED_SHOWN, SILENCES_SHOWN = 30, 10


def meter_of_manager(request: HttpRequest, pk: int) -> Meter:
    """A meter, for its manager. Http404 for anybody else."""
    found: Meter = get_object_or_404(
        Meter.objects.select_related("unit__property", "gateway__property__organisation"),
        pk=pk,
        gateway__property__organisation__in=organisations(request),
    )
    return found


def _home(meter: Meter) -> str:
    """Where a meter's own page is."""
    return reverse("unit", args=[meter.unit_id]) if meter.unit_id else reverse("alarms", args=[meter.property.pk])


EXCHANGE = {"first": _lazy("It shows, kWh"), "last": _lazy("and there, kWh")}
"""What the form of an exchange calls its fields."""


# -- an exchange -----------------------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "POST"])
def exchange_meter(request: HttpRequest, pk: int) -> HttpResponse:
    """A meter is exchanged: typed, shown what follows, then done."""
    meter, given = meter_of_manager(request, pk), request.POST
    typed = {name: given.get(name, "") for name in ("serial", "first", "last", "end")}
    found = None
    if request.method == "POST":
        try:
            do = one_of(given, "do", ("", "exchange"))
            first, last = exact_kwh(typed_kwh(typed["first"], "first")), _ended(given)
            found = look(meter, typed["serial"], first, last)
            if do == "exchange":
                exchange(meter, typed["serial"], first, last, request.user.get_username())
                way = _("is on its way.") if meter.gateway.online else _("waits until the building is online.")
                messages.success(request, _("The exchange for %(serial)s") % {"serial": found.serial} + " " + way)
                return redirect(_home(meter))
        except ValidationError as error:
            say(request, error, EXCHANGE)
    else:
        typed = {"serial": foreign_serial(meter), "first": "", "last": "", "end": MeterExchange.End.READ}
    context = {
        "meter": meter,
        "property": meter.property,
        "where": zone(meter.property.zone),
        "typed": typed,
        "found": found,
        "read": last_read(meter),
        "ends": MeterExchange.End.choices,
        "waiting": waiting_exchange(meter),
        "foreign": foreign_serial(meter),
        "home": _home(meter),
    }
    return render(request, "portal/exchange.html", context)


def _ended(given: QueryDict) -> str:
    """Where the old meter ended, as `exchanges.look` takes it."""
    end, last = one_of(given, "end", ("", *MeterExchange.End.values)), given.get("last", "").strip()
    if end == MeterExchange.End.READ or (not end and not last):
        return ""
    if end == MeterExchange.End.UNKNOWN or (not end and last == UNKNOWN):
        return UNKNOWN
    if not last:
        raise ValidationError({"last": _("Type what the old meter's face shows, or choose another line.")})
    return exact_kwh(typed_kwh(last, "last"))


# -- readings that were charged wrongly -------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "POST"])
def wrong(request: HttpRequest, pk: int) -> HttpResponse:
    """Readings that can't be true, as they were charged; one is put right once a second person agrees."""
    meter, given = meter_of_manager(request, pk), request.POST
    shown = None
    if request.method == "POST":
        try:
            do = one_of(given, "do", ("", "propose"))
            seq = typed_whole(given.get("seq") or "0", "seq", 0, INT64_MAX)
            energy = typed_kwh(given.get("kwh") or "0", "kwh")
            if do == "propose":
                put_reading_right(meter, seq, energy, request.user, given.get("reason", ""))
                messages.success(request, _("It waits for a second person, under Books."))
                return redirect("wrong-readings", pk=pk)
            shown = {
                "seq": seq, "kwh": given.get("kwh") or "0", "reason": given.get("reason", ""),
                "parts": right(meter, seq, energy),
            }  # fmt: skip
        except (ValueError, ValidationError) as error:
            refuse(request, error, given.get("seq", "")[:9])
    context = {
        "meter": meter,
        "property": meter.property,
        "where": zone(meter.property.zone),
        "readings": wrong_readings(meter),
        "shown": shown,
        "home": _home(meter),
    }
    return render(request, "portal/wrong_readings.html", context)


# -- alarms ------------------------------------------------------------------------------------------------------------------


def _alarm_of_manager(request: HttpRequest, pk: int) -> Alarm:
    mine = organisations(request)
    found: Alarm = get_object_or_404(
        Alarm.objects.filter(
            Q(meter__gateway__property__organisation__in=mine) | Q(gateway__property__organisation__in=mine)
        ).select_related("meter__unit__property", "meter__gateway__property", "gateway__property"),
        pk=pk,
    )
    return found


def _gateway(alarm: Alarm) -> Gateway:
    found = alarm.meter.gateway if alarm.meter else alarm.gateway
    assert found is not None
    return found


@login_required
@require_GET
def alarms(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody must look at in a property, and what was settled last."""
    where = property_of_manager(request, pk)
    settled = Alarm.objects.filter(Q(meter__gateway__property=where) | Q(gateway__property=where), settled=True)
    common = Meter.objects.filter(gateway__property=where, unit__isnull=True).select_related("gateway")
    context = {
        "property": where,
        "where": zone(where.zone),
        "alarms": open_alarms(where),
        "settled": settled.select_related("meter__unit", "gateway").order_by("-settled_at", "-pk")[:SETTLED_SHOWN],
        "common": common,
        "silences": Silence.objects.filter(gateway__property=where).select_related("gateway", "meter__unit")[
            :SILENCES_SHOWN
        ],
    }
    return render(request, "portal/alarms.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """One alarm: what is known, and what can be done about it."""
    found = _alarm_of_manager(request, pk)
    meter = found.meter
    if request.method == "POST":
        try:
            asked = _act(request, found)
        except (ValueError, ValidationError) as error:
            refuse(request, error, request.POST.get("answer", ""))
            return redirect("alarm", pk=pk)
        if asked is not None:
            return asked
        return redirect(_home(meter) if meter else reverse("alarms", args=[found.property.pk]))
    gateway = _gateway(found)
    context: dict[str, Any] = {
        "alarm": found,
        "meter": meter,
        "property": found.property,
        "where": zone(found.property.zone),
        "currency": found.property.currency,
        "home": _home(meter) if meter else reverse("alarms", args=[found.property.pk]),
        "question": None if found.settled else question(found),
        "foreign": foreign_serial(meter) if meter and found.kind == "foreign-meter" else "",
        "unbooked": found.kind == UNBOOKED,
        "early": charged_early(meter, found.seq) if meter and found.kind == EARLY else None,
        "twice": found.kind == TWICE,
        "journal_gap": found.kind == openings.GAP,
        "gap": as_metered.gap(found),
        "gap_waits": as_metered.waiting(found),
        "gateway": gateway,
    }
    if not found.settled and found.kind.startswith(("clock", "journal")):
        ahead = meters_ahead(gateway)
        context |= {
            "ahead": meter if meter and is_ahead(meter, now()) else None,
            "ahead_by": (meter.at or 0) - now() if meter else 0,
            "on_its_way": bool(meter and on_its_way(meter)),
            "too_early": charged_early(meter) if meter else None,
            "others": [each for each in ahead if each != meter],
        }
    return render(request, "portal/alarm.html", context)


def _act(request: HttpRequest, found: Alarm) -> HttpResponse | None:
    """Do what a button of an alarm's page says; the page that asks, if that is asked about first. ValueError,
    ValidationError, for people, if it can't be done.
    """
    given, do, user = request.POST, request.POST.get("do", "settle"), request.user
    said = _("It is settled in your name.")
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
            who, back = found.who, reverse("alarm", args=[found.pk])
            asked = ask_about(request, unit, str(who), amount, _("So much money"), back, answer) if unit else None
            if asked is not None:
                return asked
        made = reply(found, answer, amount, user)
        if any(each.state == Adjustment.State.WAITING for each in made):
            said = _("It waits for a second person, under Books.")
        elif made:
            said = _("It is charged, and on its way to the meter.")
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
        said = _("It waits for a second person, under Books.") if waits else _("It is on its way to the meter.")
    elif do == "give-back-twice":
        give_back_twice(found, user)
        said = _("It is given back.")
    elif do == "go-on":
        openings.go_on(found, user.get_username())
        said = _("The journal goes on.")
    elif do == "as-metered":
        as_metered.propose(found, user, given.get("reason", ""))
        said = _("It waits for a second person, under Books.")
    elif do == "book":
        book_found(found, user)
        settle(found, user.get_username())
        said = _("It is booked.")
    else:
        raise ValidationError({"do": _("There is no such choice.")})
    messages.success(request, said)
    return None
