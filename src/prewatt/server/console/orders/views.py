"""Orders to a unit's meter, and the unit's PIN."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ....kernel.orders import RESTORE_LONGEST, Action, Restore
from ....kernel.supply import WATTS_MAX
from ....kernel.units import DAY, HOUR
from ....wire.order_codes import PIN_LASTS
from ...core.amounts import typed_money, typed_whole
from ...core.local_forms import money_with_code
from ...core.time import now
from ...estate.models import Tenancy, Unit
from ...metering.models import Meter
from ...vending.controls import ControlError, check_bounds, control
from ...vending.models import Command
from ...vending.named_orders import read_action
from ...vending.order_codes import why_no_code
from ...vending.pins import new_pin
from ...vending.vacancy import supply_vacant
from ...web.access import unit_of_manager
from ...web.forms import one_of
from ...web.kept import refuse
from ...web.sure import Act, ask_whether


@login_required
@require_POST
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an order to a unit's meter. One that takes the power away, or lends money, is asked about once."""
    unit = unit_of_manager(request, pk)
    meter = get_object_or_404(Meter.objects.select_related("gateway"), unit=unit)
    given = request.POST
    form = given.get("do", "")
    try:
        hours = typed_whole(given.get("hours") or "0", "hours", 0, RESTORE_LONGEST // HOUR)
        watts = given.get("watts", "")
        action = read_action(
            form,
            override=one_of(given, "override", ("", "on")) == "on",
            watts=typed_whole(watts, "watts", 0, WATTS_MAX) if watts else None,
            amount=typed_money(given.get("amount") or "0", "amount", unit.property.currency),
            until=now() + hours * HOUR if hours else 0,
        )
        check_bounds(action, unit.property.currency)
        act = _act(unit, meter, action)
        give = partial(control, meter, action, request.user, given.get("reason", ""))
        if act is not None and (asked := ask_whether(request, unit, act, give, form)):
            return asked
        command = give()
    except (ValidationError, ControlError) as error:
        refuse(request, error, form)
    else:
        _say_ordered(request, meter, command)
    return redirect("console:units:switch", pk=pk)


def _act(unit: Unit, meter: Meter, action: Action) -> Act | None:
    """Return what a person is asked before an order; None if it neither darkens nor costs."""
    if action.darkens:
        return _darkness(unit, meter, action)
    return _lending(unit, action) if action.gives_credit else None


def _lending(unit: Unit, action: Action) -> Act:
    """Return what a person is asked before power is lent."""
    tenancy = _living(unit)
    owes = (
        _("%(who)s owes what is used, and pays for it with the next payments.") % {"who": tenancy.tenant}
        if tenancy
        else _("Nobody lives here now: you, the landlord, pay for what is used.")
    )
    return Act(
        action.name,
        _("Lend power to %(unit)s?") % {"unit": unit},
        (_until_when(unit, action) if isinstance(action, Restore) else _(action.effect), owes),
        _("Yes: %(order)s") % {"order": action.words(_)},
        reverse("console:units:switch", args=[unit.pk]),
        _named(tenancy),
    )


def _until_when(unit: Unit, order: Restore) -> str:
    """Return what ends the power that is lent: hours, an amount, or whichever comes first."""
    hours = -(-(order.until - now()) // HOUR) if order.until else 0
    time = ngettext("%(hours)d hour", "%(hours)d hours", hours) % {"hours": hours}
    bounds = {"time": time, "amount": money_with_code(order.amount, unit.property.currency)}
    if not order.amount:
        return _("The power is on without credit for %(time)s.") % bounds
    if not hours:
        return _("The power is on without credit until %(amount)s are used.") % bounds
    return _("The power is on without credit for %(time)s, or until %(amount)s are used.") % bounds


def _supplying(unit: Unit, hours: int) -> Act:
    """Return what a person is asked before a vacant unit is switched on."""
    return Act(
        "supply",
        _("Switch %(unit)s on at your cost?") % {"unit": unit},
        (
            ngettext(
                "The power is on for %(hours)d hour. Then it goes off by itself.",
                "The power is on for %(hours)d hours. Then it goes off by itself.",
                hours,
            )
            % {"hours": hours},
            _("Nobody lives here now: you, the landlord, pay for what is used."),
        ),
        _("Yes, switch it on"),
        reverse("console:units:switch", args=[unit.pk]),
    )


def _darkness(unit: Unit, meter: Meter, action: Action) -> Act:
    """Return what a person is asked before the power of a flat goes off."""
    tenancy = _living(unit)
    who = (
        _("%(who)s lives here, and will have no power, even after a payment.") % {"who": tenancy.tenant}
        if tenancy
        else _("Nobody lives here now.")
    )
    when = (
        _("The order takes effect within seconds.")
        if meter.gateway.is_online
        else _("The building is offline: the order takes effect as soon as its network is back.")
    )
    title = _("Take the power from %(unit)s?") % {"unit": unit}
    words = action.words(_)
    return Act(
        action.name,
        title,
        (who, _(action.effect), when),
        _("Yes: %(order)s") % {"order": words},
        reverse("console:units:switch", args=[unit.pk]),
        _named(tenancy),
    )


def _living(unit: Unit) -> Tenancy | None:
    """Return the tenancy of whoever lives in a unit now."""
    return unit.tenancies.living(now()).first()


def _named(tenancy: Tenancy | None) -> str:
    """Return by which text a yes says who lived there when the question was asked."""
    return "" if tenancy is None else f"{tenancy.pk}"


def _say_ordered(request: HttpRequest, meter: Meter, command: Command) -> None:
    said = (
        _("The order is on its way.") if meter.gateway.is_online else _("The order waits until the building is online.")
    )
    messages.success(request, " ".join(filter(None, (said, said_of_code(command)))))


@login_required
@require_POST
def supply(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a vacant unit on for some hours, with a power limit, at the landlord's cost."""
    unit = unit_of_manager(request, pk)
    meter = get_object_or_404(Meter.objects.select_related("gateway"), unit=unit)
    given = request.POST
    try:
        hours = typed_whole(given.get("hours") or "0", "hours", 1, RESTORE_LONGEST // HOUR)
        watts = typed_whole(given.get("watts") or "0", "watts", 0, WATTS_MAX)
        give = partial(supply_vacant, unit, now() + hours * HOUR, watts, request.user, given.get("reason", ""))
        asked = ask_whether(request, unit, _supplying(unit, hours), give)
        if asked is not None:
            return asked
        command = give()
    except (ValidationError, ControlError) as error:
        refuse(request, error)
    else:
        _say_ordered(request, meter, command)
    return redirect("console:units:switch", pk=pk)


def said_of_code(command: Command) -> str:
    """Return what people are told about the code of an order that was just given, while nobody knows that the meter has
    it.
    """
    if not hasattr(command, "code"):
        return why_no_code(command)
    given = {"meter": command.meter.hangs, "code": command.code}
    return (
        _(
            "To do it at once, type this code for meter %(meter)s, at its keypad or on the page in the building: %(code)s"
        )
        % given
    )


@login_required
@require_POST
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new PIN for the flat's page on the gateway, and show it once."""
    unit = unit_of_manager(request, pk)
    pin_ = new_pin(unit, request.user)
    given = {"unit": unit.name, "pin": pin_.pin, "meter": pin_.meter, "code": pin_.code, "days": PIN_LASTS // DAY}
    messages.success(request, _("The new PIN of %(unit)s is %(pin)s. It is shown only once.") % given)
    if pin_.code:
        text = _(
            "If there is no network, first type this code for meter %(meter)s, at its keypad or on the page in the building: "
            "%(code)s. Then the PIN works. The code, too, is shown only once. It is valid for %(days)d days."
        )
        messages.success(request, text % given)
    elif pin_.meter:
        messages.success(
            request,
            _("The PIN works as soon as it has reached the meter over the network. This meter accepts no codes."),
        )
    return redirect("console:units:switch", pk=pk)
