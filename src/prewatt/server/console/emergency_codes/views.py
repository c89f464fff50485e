"""Pages of emergency codes, which are made in advance: the list, the most that can be lost, and a sheet to print or to
keep on a phone.
"""

from __future__ import annotations

from typing import Any

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
from ...core.amounts import typed_money, typed_whole
from ...core.number_field import NumberField
from ...core.row_forms import RowForm
from ...core.time import now
from ...estate.models import Property
from ...estate.rule_fields import EMERGENCY_CODE_RULES
from ...estate.supply_rules import MOST_CODE_DAYS
from ...metering.models import Meter
from ...vending.emergency_bounds import EmergencyError, bounds
from ...vending.emergency_codes import make
from ...vending.emergency_revoking import revoke
from ...vending.emergency_states import at_risk, can_be_used, of_property, state
from ...vending.models import EmergencyCode
from ...web.access import property_of_manager
from ...web.forms import key
from ...web.kept import refuse, refuse_form, typed_before
from ...web.paging import list_page
from ...web.paper import paper_style


class EmergencyRulesForm(RowForm):
    """The rules about emergency codes: how many, and of how much."""

    class Meta:
        model = Property
        fields = EMERGENCY_CODE_RULES
        field_classes = {"emergency_code_amount": NumberField}
        labels = {
            "emergency_code_amount": gettext_lazy("Most that one code lends"),
            "emergency_code_number": gettext_lazy("Codes for one flat"),
            "emergency_code_days": gettext_lazy("Days, at most"),
        }


def _meters(property_: Property) -> list[Meter]:
    """Return the meters of flats that take codes, in the order of the flats' names."""
    rows = Meter.objects.filter(gateway__property=property_, unit__isnull=False, token_meter__isnull=False)
    return sorted(rows.select_related("unit"), key=lambda meter: natural(meter.unit.name if meter.unit else ""))


def _listed(property_: Property) -> list[dict[str, Any]]:
    """Return the codes, the latest first; codes that were made at once are in the order of the flats' names."""
    rows = sorted(
        of_property(property_),
        key=lambda each: (-each.made_at, natural(each.meter.unit.name if each.meter.unit else "")),
    )
    return [{"code": each, "state": state(each), "open": can_be_used(each)} for each in rows]


@login_required
@require_GET
def emergency_codes(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the codes of each flat, until when each is valid, when it was used, and the most that can be lost."""
    property_ = property_of_manager(request, pk)
    listed = _listed(property_)
    held = {each["code"].meter_id for each in listed if each["open"]}
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "page": list_page(request, listed),
        "risk": at_risk(property_),
        "bounds": bounds(property_),
        "meters": [(meter, meter.pk not in held) for meter in _meters(property_)],
        "form": _rules_form(request, pk),
    }
    return render(request, "console/emergency_codes/emergency_codes.html", context)


def _rules_form(request: HttpRequest, pk: int) -> EmergencyRulesForm:
    """Return the form as it was typed and refused before, or as it is stored."""
    typed = typed_before(request, reverse("console:emergency_codes:emergency_rules", args=[pk]))
    return EmergencyRulesForm(typed, instance=property_of_manager(request, pk))


@login_required
@require_POST
def make_emergency_codes(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a code for each flat that is chosen."""
    property_, given = property_of_manager(request, pk), request.POST
    chosen = {key(each) for each in given.getlist("units")}
    try:
        amount = typed_money(given.get("amount", ""), "amount", property_.currency)
        days = typed_whole(given.get("days", ""), "days", 1, MOST_CODE_DAYS)
        codes = make(
            property_, [each for each in _meters(property_) if each.unit_id in chosen], amount, days, request.user
        )
    except (EmergencyError, ValidationError) as error:
        refuse(request, error, labels=_LABELS)
    else:
        messages.success(
            request, _("%(number)d codes are made. Print the sheet, or keep it on the phone.") % {"number": len(codes)}
        )
    return redirect("console:emergency_codes:emergency_codes", pk=pk)


_LABELS = {"units": gettext_lazy("Flats"), "days": gettext_lazy("Days")}


@login_required
@require_POST
def revoke_emergency_codes(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one code; if none is chosen, all that can still be used."""
    property_ = property_of_manager(request, pk)
    rows = EmergencyCode.objects.filter(meter__gateway__property=property_)
    wanted = request.POST.get("code")
    done = revoke(rows if wanted is None else rows.filter(pk=key(wanted)), request.user)
    text = _("%(number)d codes are revoked. Each stops working as soon as its meter receives the order.")
    messages.success(request, text % {"number": done})
    return redirect("console:emergency_codes:emergency_codes", pk=pk)


@login_required
@require_POST
def emergency_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Store how many codes may be made, and of how much."""
    property_ = property_of_manager(request, pk)
    form = EmergencyRulesForm(request.POST, instance=property_)
    if form.is_valid():
        form.save()
        messages.success(request, _("The rules are saved. They apply to new codes."))
    else:
        refuse_form(request, form)
    return redirect("console:emergency_codes:emergency_codes", pk=pk)


@login_required
@require_http_methods(["GET"])
def emergency_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the codes that can be used, as a page that needs nothing else: to print, or (`keep`) as a file."""
    property_ = property_of_manager(request, pk)
    answer = HttpResponse(sheet(property_, kept="keep" in request.GET))
    if "keep" in request.GET:
        day = f"{local(now(), zone(property_.zone)):%Y-%m-%d}"
        answer["Content-Disposition"] = f'attachment; filename="emergency-codes-{property_.pk}-{day}.html"'
    return answer


def sheet(property_: Property, *, kept: bool = True) -> str:
    """Return the HTML of `emergency_sheet`. `kept`: as a file that needs nothing else."""
    codes = [each for each in of_property(property_) if state(each) == "open"]
    codes.sort(key=lambda each: (natural(each.meter.unit.name if each.meter.unit else each.meter.name), each.ends))
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "codes": codes,
        "now": now(),
        "risk": at_risk(property_),
        "style": paper_style() if kept else "",
    }
    return render_to_string("console/emergency_codes/emergency_sheet.html", context)
