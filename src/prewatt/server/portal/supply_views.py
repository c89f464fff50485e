"""Pages of supply: a property's rules, staff grants, the switch of a unit, PINs, emergency credit, keypad meters."""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from ...kernel.calendar import zone
from ...kernel.names import natural
from ...kernel.orders import GRANT_LONGEST, GRANT_RESTORE_LONGEST, RESTORE_LONGEST
from ...kernel.supply import WATTS_MAX
from ...kernel.units import HOUR
from ...tokens import Function
from ...wire.on_site import ALLOWED
from ..amounts import NumberField, typed_kwh, typed_money, typed_whole
from ..estate.models import SUPPLY_RULES, Organisation, Property
from ..metering.grants import make_grant
from ..metering.models import Meter
from ..metering.services import send_settings
from ..safety_rules import EXAMPLE
from ..time import now
from ..vending.codes import VendError, add_group, change_key, register, vend_management, vend_money, vend_units
from ..vending.controls import ControlError, control, read_action, take_emergency
from ..vending.models import Code, Command, SupplyGroup, TokenMeter
from ..vending.order_codes import why_no_code
from ..vending.pins import new_pin
from .access import organisations, property_of_manager, unit_of_manager
from .forms import key, one_of
from .kept import refuse, typed_before
from .safety import check_now
from .silence_views import silence_rules_form
from .taken_back_rules import BackRulesForm

Row = TypeVar("Row", SupplyGroup, TokenMeter)


class RulesForm(forms.ModelForm):
    """The rules of credit and supply of a property."""

    class Meta:
        model = Property
        fields = (*SUPPLY_RULES, "low_credit_days")
        field_classes = {
            name: NumberField
            for name in SUPPLY_RULES
            if isinstance(Property._meta.get_field(name), models.DecimalField)
        }
        widgets = {
            "friendly_days": forms.Textarea({"rows": 2}),
            "limits": forms.Textarea({"rows": 4, "placeholder": EXAMPLE}),
            "off_days": forms.Textarea({"rows": 2}),
        }
        labels = {
            "low_credit": gettext_lazy("Remind at money left"),
            "low_credit_kwh": gettext_lazy("Remind at kWh left"),
            "low_credit_days": gettext_lazy("Remind at days left"),
            "clearance": gettext_lazy("Switch on again from"),
            "emergency_credit": gettext_lazy("Emergency credit"),
            "emergency_repayment": gettext_lazy("Repaid first, percent"),
            "friendly_hours": gettext_lazy("Friendly hours"),
            "friendly_holidays": gettext_lazy("Friendly holidays of"),
            "friendly_days": gettext_lazy("More friendly days"),
            "friendly_debt": gettext_lazy("Largest debt in them"),
            "power_limit": gettext_lazy("Power limit, W"),
            "overload_delay": gettext_lazy("Trips after, s"),
            "reclose_after": gettext_lazy("Closes again after, s"),
            "recloses": gettext_lazy("Closes again, times an hour"),
            "forbidden_step": gettext_lazy("Forbidden load, W"),
            "tamper_locks": gettext_lazy("Tampering switches off"),
            "doubtful_readings": gettext_lazy("Readings that make a new register"),
            "foreign_hours": gettext_lazy("Supplied with a foreign meter, hours"),
            "limits": gettext_lazy("Limits of safety"),
            "off_hours": gettext_lazy("Off hours"),
            "off_holidays": gettext_lazy("Special days: holidays of"),
            "off_days": gettext_lazy("More special days"),
            "off_watts": gettext_lazy("Allowance, W"),
            "off_kwh": gettext_lazy("Allowance, kWh"),
        }

    def clean_limits(self) -> str:
        text = str(self.cleaned_data["limits"])
        check_now(text, Meter.objects.filter(unit__property=self.instance, limits="").select_related("unit"))
        return text


ALWAYS_OPEN = ("low_credit_kwh", "emergency_credit")
"""Whose groups of rules everybody sets: the first ones."""
GROUPS = (
    (gettext_lazy("Reminders of low credit"), ("low_credit_kwh", "low_credit", "low_credit_days")),
    (gettext_lazy("Credit"), ("clearance", "emergency_credit", "emergency_repayment")),
    (gettext_lazy("Friendly hours"), ("friendly_hours", "friendly_holidays", "friendly_days", "friendly_debt")),
    (
        gettext_lazy("Power and safety"),
        ("power_limit", "overload_delay", "reclose_after", "recloses", "forbidden_step", "tamper_locks", "limits"),
    ),
    (gettext_lazy("Off hours"), ("off_hours", "off_watts", "off_kwh", "off_holidays", "off_days")),
    (gettext_lazy("Registers and meters that can't be right"), ("doubtful_readings", "foreign_hours")),
)


@login_required
@require_http_methods(["GET", "POST"])
def supply(request: HttpRequest, pk: int) -> HttpResponse:
    """The rules of a property, which its meters obey by themselves; and the staff grants."""
    where = property_of_manager(request, pk)
    before = [getattr(where, name) for name in SUPPLY_RULES]
    form = RulesForm(request.POST or None, instance=where)
    if request.method == "POST" and form.is_valid():
        form.save()
        if before != [getattr(where, name) for name in SUPPLY_RULES]:
            send_settings(where)
            messages.success(request, _("The rules are kept, and on their way to the meters."))
        elif form.changed_data:
            messages.success(request, _("Kept."))
        return redirect("supply", pk=pk)
    context = {
        "property": where,
        "where": zone(where.zone),
        "form": form,
        "groups": [(title, [form[name] for name in names], _shown_open(form, names)) for title, names in GROUPS],
        "back_rules": _back_rules(request, pk),
        "silence_rules": silence_rules_form(request, where),
        "grants": where.staff_grants.all()[:20],
        "allowed": ALLOWED,
        "now": now(),
    }
    return render(request, "portal/supply.html", context)


def _shown_open(form: RulesForm, names: tuple[str, ...]) -> bool:
    """Whether a group of rules is open at once: it holds credit, says something else than it does for everybody, or is wrong."""
    usual = Property()
    return any(
        name in ALWAYS_OPEN or name in form.errors or form[name].initial != getattr(usual, name) for name in names
    )


def _back_rules(request: HttpRequest, pk: int) -> BackRulesForm:
    """The form as it was typed and refused before, or as it is kept."""
    typed = typed_before(request, reverse("back-rules", args=[pk]))
    return BackRulesForm(typed, instance=property_of_manager(request, pk))


@login_required
@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a staff grant."""
    where = property_of_manager(request, pk)
    given, at = request.POST, now()
    try:
        hours = typed_whole(given.get("hours", ""), "hours", 1, GRANT_LONGEST // HOUR)
        made = make_grant(
            where,
            given.get("holder", ""),
            given.get("key", ""),
            given.getlist("actions"),
            at,
            at + hours * HOUR,
            request.user,
            most_amount=typed_money(given.get("most_amount") or "0", "most_amount", where.currency),
            longest=typed_whole(given.get("longest") or "0", "longest", 0, GRANT_RESTORE_LONGEST // HOUR) * HOUR,
        )
    except ValidationError as error:
        refuse(request, error)
    else:
        messages.success(request, _("The grant is signed: send its text to %(holder)s.") % {"holder": made.holder})
    return redirect("supply", pk=pk)


@login_required
@require_POST
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """Order a unit's meter to do something."""
    unit = unit_of_manager(request, pk)
    meter = get_object_or_404(Meter.objects.select_related("gateway"), unit=unit)
    given = request.POST
    try:
        hours = typed_whole(given.get("hours") or "0", "hours", 0, RESTORE_LONGEST // HOUR)
        watts = given.get("watts", "")
        action = read_action(
            given.get("do", ""),
            override=one_of(given, "override", ("", "on")) == "on",
            watts=typed_whole(watts, "watts", 0, WATTS_MAX) if watts else None,
            amount=typed_money(given.get("amount") or "0", "amount", unit.property.currency),
            until=now() + hours * HOUR if hours else 0,
        )
        made = control(meter, action, request.user, given.get("reason", ""))
    except (ValidationError, ControlError) as error:
        refuse(request, error)
    else:
        said = (
            _("The order is on its way.")
            if meter.gateway.online
            else _("The order waits until the building is online.")
        )
        messages.success(request, " ".join(filter(None, (said, said_of_code(made)))))
    return redirect("unit", pk=pk)


def said_of_code(command: Command) -> str:
    """What is said of the code of what was just ordered, while nobody knows that the meter has it."""
    if not hasattr(command, "code"):
        return why_no_code(command)
    given = {"meter": command.meter.hangs, "code": command.code}
    return (
        _("At once: type this code for meter %(meter)s, at its keypad or at the page in the building: %(code)s") % given
    )


@login_required
@require_POST
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new PIN for the flat's page on the gateway."""
    unit = unit_of_manager(request, pk)
    made = new_pin(unit, request.user)
    given = {"unit": unit.name, "pin": made.pin, "meter": made.meter, "code": made.code}
    messages.success(request, _("The new PIN of %(unit)s is %(pin)s. It is shown this once.") % given)
    if made.code:
        text = _(
            "Without a network it holds once this code is typed for meter %(meter)s, at its keypad or at the page in the building: "
            "%(code)s. It is shown this once, too, and is good for 31 days."
        )
        messages.success(request, text % given)
    elif made.meter:
        messages.success(request, _("It holds once the building's network has brought it: this meter takes no codes."))
    return redirect("unit", pk=pk)


@login_required
@require_POST
def emergency(request: HttpRequest) -> HttpResponse:
    """The tenant takes the emergency credit."""
    user: Any = request.user
    at = now()
    mine = next(
        (
            each
            for each in user.tenancies.select_related("unit")
            if each.begins <= at and (each.ends is None or each.ends > at)
        ),
        None,
    )
    meter = Meter.objects.filter(unit=mine.unit_id).first() if mine else None
    if meter is None:
        raise Http404
    take_emergency(meter, user.get_username())
    messages.success(request, _("The emergency credit is on its way to the meter."))
    return redirect("tenancy")


# -- keypad meters -------------------------------------------------------------------------------------------------------


def owner_of(request: HttpRequest) -> Organisation:
    """The organisation that is asked for; if none is, this user's first one. Http404 for who does not manage it."""
    mine = organisations(request)
    if not mine:
        raise Http404
    wanted = request.GET.get("organisation") or request.POST.get("organisation")
    found = next((each for each in mine if str(each.pk) == wanted), None) if wanted else mine[0]
    if found is None:
        raise Http404
    return found


@login_required
@require_http_methods(["GET", "POST"])
def keypads(request: HttpRequest) -> HttpResponse:
    """Keypad meters of other makers: their keys, and codes sold to them."""
    owner = owner_of(request)
    if request.method == "POST":
        do = request.POST.get("do", "")
        try:
            _vend(request, owner, do)
        except (VendError, ValidationError, ValueError) as error:
            refuse(request, error, do)
        return redirect("keypads")
    context = {
        "owner": owner,
        "groups": SupplyGroup.objects.filter(organisation=owner, own=False),
        "meters": sorted(
            TokenMeter.objects.filter(organisation=owner, meter__isnull=True).select_related("group"),
            key=lambda meter: natural(meter.name),
        ),
        "codes": Code.objects.filter(token_meter__organisation=owner, token_meter__meter__isnull=True).select_related(
            "token_meter"
        )[:30],
        "functions": [each.name.lower().replace("_", "-") for each in Function],
    }
    return render(request, "portal/keypads.html", context)


def _chosen(rows: QuerySet[Row], pk: str, field: str) -> Row:
    found = rows.filter(pk=key(pk)).first()
    if found is None:
        raise ValidationError({field: _("There is no such choice.")})
    return found


def _vend(request: HttpRequest, owner: Organisation, do: str) -> None:
    given = request.POST

    def group(name: str) -> SupplyGroup:
        groups = SupplyGroup.objects.filter(organisation=owner, own=False)
        return _chosen(groups, given.get(name, ""), name)

    def meter() -> TokenMeter:
        meters = TokenMeter.objects.filter(organisation=owner, meter__isnull=True)
        return _chosen(meters, given.get("meter", ""), "meter")

    if do == "group":
        try:
            key = bytes.fromhex(given.get("key", ""))
        except ValueError:
            raise VendError(_("The vending key is 16 or 40 hexadecimal digits.")) from None
        add_group(
            owner,
            given.get("code", ""),
            key,
            revision=typed_whole(given.get("revision", ""), "revision", 1, 9),
            base=typed_whole(given.get("base", ""), "base", 1993, 2035),
            dkga=2 if len(key) == 8 else 4,
            algorithm=typed_whole(given.get("algorithm", ""), "algorithm", 7, 11),
        )
        messages.success(request, _("The vending key is kept, sealed."))
    elif do == "meter":
        index = typed_whole(given.get("tariff_index") or "1", "tariff_index", 0, 99)
        register(group("group"), given.get("number", ""), given.get("name", ""), index)
        messages.success(request, _("The meter is registered."))
    elif do == "units":
        energy = typed_kwh(given.get("kwh", ""), "kwh")
        if energy % 100:
            raise ValidationError({"kwh": _("A code is for tenths of a kWh.")})
        _told(request, [vend_units(meter(), energy // 100, request.user, given.get("detail", ""))])
    elif do == "money":
        amount = typed_money(given.get("amount", ""), "amount", owner.currency)
        _told(request, [vend_money(meter(), amount, request.user, given.get("detail", ""))])
    elif do == "management":
        names = {each.name.lower().replace("_", "-"): each for each in Function}
        function = names.get(given.get("function", ""))
        if function is None:
            raise VendError(_("Choose a function."))
        value = typed_whole(given.get("value") or "0", "value", 0, 10**7)
        _told(request, [vend_management(meter(), function, value, request.user)])
    elif do == "key":
        index = typed_whole(given.get("tariff_index") or "1", "tariff_index", 0, 99)
        _told(request, change_key(meter(), group("group"), index, request.user))
    else:
        raise VendError(_("There is no such thing to do."))


def _told(request: HttpRequest, codes: list[Code]) -> None:
    messages.success(request, " · ".join(str(code) for code in codes))
