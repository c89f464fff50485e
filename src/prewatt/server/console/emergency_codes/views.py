"""Pages of codes that are made in advance: the list, what is lost at most, a sheet that prints and that a phone keeps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ....kernel.calendar import local, zone
from ....kernel.names import natural
from ...core.amounts import NumberField, typed_money, typed_whole
from ...core.time import now
from ...estate.models import Property
from ...estate.rule_fields import EMERGENCY_CODE_RULES
from ...metering.models import Meter
from ...vending.emergency_codes import (
    LONGEST,
    EmergencyError,
    at_risk,
    bounds,
    can_be_used,
    make,
    of_property,
    revoke,
    state,
)
from ...vending.models import EmergencyCode
from ...web.access import property_of_manager
from ...web.forms import key
from ...web.kept import refuse, refuse_form, typed_before


class EmergencyRulesForm(forms.ModelForm):
    """How many codes may be made in advance, and of how much."""

    class Meta:
        model = Property
        fields = EMERGENCY_CODE_RULES
        field_classes = {"emergency_code_amount": NumberField}
        labels = {
            "emergency_code_amount": gettext_lazy("Most of one code"),
            "emergency_code_number": gettext_lazy("Codes of a flat"),
            "emergency_code_days": gettext_lazy("Days, at most"),
        }


def _meters(where: Property) -> list[Meter]:
    """The meters of flats that take codes, in the order of the flats' names."""
    rows = Meter.objects.filter(gateway__property=where, unit__isnull=False, token_meter__isnull=False)
    return sorted(rows.select_related("unit"), key=lambda meter: natural(meter.unit.name if meter.unit else ""))


def _listed(where: Property) -> list[dict[str, Any]]:
    """The latest first; of what was made at once, in the order of the flats' names."""
    rows = sorted(
        of_property(where), key=lambda each: (-each.made_at, natural(each.meter.unit.name if each.meter.unit else ""))
    )
    return [{"code": each, "state": state(each), "open": can_be_used(each)} for each in rows]


@login_required
@require_GET
def emergency_codes(request: HttpRequest, pk: int) -> HttpResponse:
    """What was made, for which flat, until when it holds, when it was used; and what is lost at most."""
    where = property_of_manager(request, pk)
    listed = _listed(where)
    held = {each["code"].meter_id for each in listed if each["open"]}
    context = {
        "property": where,
        "where": zone(where.zone),
        "listed": listed,
        "risk": at_risk(where),
        "bounds": bounds(where),
        "meters": [(meter, meter.pk not in held) for meter in _meters(where)],
        "form": _rules_form(request, pk),
    }
    return render(request, "console/emergency_codes/emergency_codes.html", context)


def _rules_form(request: HttpRequest, pk: int) -> EmergencyRulesForm:
    """The form as it was typed and refused before, or as it is kept."""
    typed = typed_before(request, reverse("console:emergency_codes:emergency_rules", args=[pk]))
    return EmergencyRulesForm(typed, instance=property_of_manager(request, pk))


@login_required
@require_POST
def make_emergency_codes(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one for each flat that is chosen."""
    where, given = property_of_manager(request, pk), request.POST
    chosen = {key(each) for each in given.getlist("units")}
    try:
        amount = typed_money(given.get("amount", ""), "amount", where.currency)
        days = typed_whole(given.get("days", ""), "days", 1, LONGEST)
        made = make(where, [each for each in _meters(where) if each.unit_id in chosen], amount, days, request.user)
    except (EmergencyError, ValidationError) as error:
        refuse(request, error, labels=_LABELS)
    else:
        messages.success(
            request, _("%(number)d codes are made. Print the sheet, or keep it on the phone.") % {"number": len(made)}
        )
    return redirect("console:emergency_codes:emergency_codes", pk=pk)


_LABELS = {"units": gettext_lazy("Flats"), "days": gettext_lazy("Days")}


@login_required
@require_POST
def revoke_emergency_codes(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one, or (nothing chosen) all that can still be used."""
    where = property_of_manager(request, pk)
    rows = EmergencyCode.objects.filter(meter__gateway__property=where)
    wanted = request.POST.get("code")
    done = revoke(rows if wanted is None else rows.filter(pk=key(wanted)), request.user)
    text = _("%(number)d codes are revoked. Each loses its value as soon as its meter receives the order.")
    messages.success(request, text % {"number": done})
    return redirect("console:emergency_codes:emergency_codes", pk=pk)


@login_required
@require_POST
def emergency_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep how many may be made, and of how much."""
    where = property_of_manager(request, pk)
    form = EmergencyRulesForm(request.POST, instance=where)
    if form.is_valid():
        form.save()
        messages.success(request, _("The rules are saved. They apply to new codes."))
    else:
        refuse_form(request, form)
    return redirect("console:emergency_codes:emergency_codes", pk=pk)


@login_required
@require_http_methods(["GET"])
def emergency_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The codes that can be used, on a page of its own that needs nothing else: to print, or (`keep`) as a file."""
    where = property_of_manager(request, pk)
    answer = HttpResponse(sheet(where))
    if "keep" in request.GET:
        day = f"{local(now(), zone(where.zone)):%Y-%m-%d}"
        answer["Content-Disposition"] = f'attachment; filename="emergency-codes-{where.pk}-{day}.html"'
    return answer


def sheet(where: Property) -> str:
    """The page of `emergency_sheet`."""
    codes = [each for each in of_property(where) if state(each) == "open"]
    codes.sort(key=lambda each: (natural(each.meter.unit.name if each.meter.unit else each.meter.name), each.ends))
    context = {"property": where, "where": zone(where.zone), "codes": codes, "now": now(), "risk": at_risk(where)}
    return render_to_string("console/emergency_codes/emergency_sheet.html", context)
