"""The rules of a unit's meter that replace those of its property."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ...core.number_field import NumberField
from ...core.row_forms import RowForm
from ...metering.models import OWN_RULES, Meter
from ...vending.account_settings import send_settings_to
from ...web.access import unit_of_manager
from ...web.kept import refuse_form, typed_before
from ...web.safety import check_now


class MeterRulesForm(RowForm):
    """The rules of supply of one meter, which come before its property's."""

    class Meta:
        model = Meter
        fields = OWN_RULES
        field_classes = {"off_kwh": NumberField}
        widgets = {"limits": forms.Textarea({"rows": 3})}
        labels = {
            "power_limit": gettext_lazy("Power limit, W"),
            "limits": gettext_lazy("Safety limits"),
            "off_hours": gettext_lazy("Off hours"),
            "off_watts": gettext_lazy("Allowance, W"),
            "off_kwh": gettext_lazy("Allowance, kWh"),
        }

    def clean_limits(self) -> str:
        """Return the limits. Raises ValidationError if one would switch the meter off at once."""
        text = str(self.cleaned_data["limits"])
        check_now(text, [self.instance])
        return text


def own_rules(request: HttpRequest, meter: Meter) -> MeterRulesForm:
    """Return the form as it was typed and refused before, or as it is stored."""
    typed = typed_before(request, reverse("console:meter_rules:meter_rules", args=[meter.unit_id]))
    return MeterRulesForm(typed, instance=Meter.objects.get(pk=meter.pk))


@login_required
@require_POST
def meter_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Store a meter's own rules, and send them to it."""
    meter: Any = getattr(unit_of_manager(request, pk), "meter", None)
    if meter is None:
        raise Http404
    form = MeterRulesForm(request.POST, instance=meter)
    if form.is_valid():
        if form.changed_data:
            # Stored and sent, or neither.
            with transaction.atomic():
                send_settings_to(form.save())
            messages.success(request, _("The rules are saved and are being sent to the meter."))
    else:
        refuse_form(request, form)
    return redirect("console:units:switch", pk=pk)
