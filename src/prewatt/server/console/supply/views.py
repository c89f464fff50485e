"""The page of a property's rules of supply and its staff grants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ....kernel.calendar import zone
from ....kernel.orders import GRANT_LONGEST, GRANT_RESTORE_LONGEST
from ....kernel.units import HOUR
from ....wire.on_site import ALLOWED
from ...core.amounts import typed_money, typed_whole
from ...core.number_field import NumberField
from ...core.row_forms import RowForm
from ...core.time import now
from ...estate.models import Property
from ...estate.rule_fields import SUPPLY_GROUPS, SUPPLY_LABELS, SUPPLY_RULES
from ...estate.safety_rules import EXAMPLE
from ...metering.grants import GrantRequest, make_grant
from ...metering.models import Meter
from ...metering.phones import rules_of
from ...vending.account_settings import send_settings
from ...web.access import property_of_manager
from ...web.kept import refuse, typed_before
from ...web.safety import check_now
from ..silences.views import silence_rules_form
from ..taken_back.forms import BackRulesForm
from .on_site_views import grant_rows, in_words


class RulesForm(RowForm):
    """The rules of credit and supply of a property."""

    class Meta:
        model = Property
        fields = tuple(SUPPLY_LABELS)
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
        labels = SUPPLY_LABELS

    def clean_limits(self) -> str:
        """Return the limits. Raises ValidationError if one would switch a meter off at once."""
        text = str(self.cleaned_data["limits"])
        check_now(text, Meter.objects.filter(unit__property=self.instance, limits="").select_related("unit"))
        return text


ALWAYS_OPEN = ("low_credit_kwh", "emergency_credit")
"""The groups of rules with these fields are always shown open, because everybody sets them."""


@login_required
@require_http_methods(["GET", "POST"])
def supply(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and store the rules of a property, which its meters obey by themselves, and show the staff grants."""
    property_ = property_of_manager(request, pk)
    before = _of_meters(property_)
    form = RulesForm(request.POST or None, instance=property_)
    if request.method == "POST" and form.is_valid():
        _store(request, form, before)
        return redirect("console:supply:supply", pk=pk)
    phones = rules_of(property_)
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "form": form,
        "groups": [(title, [form[name] for name in names], _shown_open(form, names)) for title, names in SUPPLY_GROUPS],
        "back_rules": _back_rules(request, pk),
        "silence_rules": silence_rules_form(request, property_),
        "grants": grant_rows(property_),
        "allowed": [(each, in_words(each)) for each in ALLOWED],
        "phones": phones,
        "phone_actions": [(each, in_words(each), each in phones.actions.split()) for each in ALLOWED],
        "now": now(),
    }
    return render(request, "console/supply/supply.html", context)


def _of_meters(property_: Property) -> list[Any]:
    """Return those of a property's rules that its meters obey."""
    return [getattr(property_, name) for name in SUPPLY_RULES]


def _store(request: HttpRequest, form: RulesForm, before: list[Any]) -> None:
    """Store rules, send them to the meters if they are others than `before`, and say so."""
    property_ = form.save()
    if before != _of_meters(property_):
        send_settings(property_)
        messages.success(request, _("The rules are saved and are being sent to the meters."))
    elif form.changed_data:
        messages.success(request, _("Saved."))


def _shown_open(form: RulesForm, names: Iterable[str]) -> bool:
    """Return whether a group of rules is shown open: everybody sets it, it differs from the usual values, or it is
    wrong.
    """
    usual = Property()
    return any(
        name in ALWAYS_OPEN or name in form.errors or form[name].initial != getattr(usual, name) for name in names
    )


def _back_rules(request: HttpRequest, pk: int) -> BackRulesForm:
    """Return the form as it was typed and refused before, or as it is stored."""
    typed = typed_before(request, reverse("console:taken_back:back_rules", args=[pk]))
    return BackRulesForm(typed, instance=property_of_manager(request, pk))


@login_required
@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a staff grant."""
    property_ = property_of_manager(request, pk)
    given, at = request.POST, now()
    try:
        hours = typed_whole(given.get("hours", ""), "hours", 1, GRANT_LONGEST // HOUR)
        wanted = GrantRequest(
            property=property_,
            holder=given.get("holder", ""),
            key=given.get("key", ""),
            actions=given.getlist("actions"),
            begins=at,
            ends=at + hours * HOUR,
            most_amount=typed_money(given.get("most_amount") or "0", "most_amount", property_.currency),
            longest=typed_whole(given.get("longest") or "0", "longest", 0, GRANT_RESTORE_LONGEST // HOUR) * HOUR,
        )
        grant_ = make_grant(wanted, request.user)
    except ValidationError as error:
        refuse(request, error)
    else:
        messages.success(request, _("The grant is signed. Send its text to %(holder)s.") % {"holder": grant_.holder})
    return redirect("console:supply:supply", pk=pk)
