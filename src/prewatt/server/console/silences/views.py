"""Pages of silences and their rules: who was told what and when, what the silence may cost, what each flat owes, and
how it is paid back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ....kernel.names import natural
from ...billing.lendings import lendings
from ...billing.models import Spread
from ...billing.spreading import HIGHEST, SpreadError, owes, ran_up, share_for, spread, stop, who_lives
from ...core.amounts import typed_whole
from ...core.number_field import NumberField
from ...core.row_forms import RowForm
from ...core.time import now
from ...estate.models import Property
from ...estate.rule_fields import ALONE_RULES, SILENCE_RULES
from ...metering.models import Silence
from ...notices.silences import notices_of
from ...vending.account_settings import send_settings
from ...web.access import property_of_manager, row_at
from ...web.kept import refuse, refuse_form, typed_before
from .in_words import advice, duration, headline


class SilenceRulesForm(RowForm):
    """The rules about gateways and meters that are silent."""

    class Meta:
        model = Property
        fields = SILENCE_RULES
        field_classes = {
            name: NumberField
            for name in SILENCE_RULES
            if isinstance(Property._meta.get_field(name), models.DecimalField)
        }
        labels = {
            "silence_minutes": gettext_lazy("First notice after, minutes"),
            "silence_again": gettext_lazy("Repeat the notice after, hours"),
            "alone_kwh": gettext_lazy("Meters go on without a gateway for, kWh"),
            "alone_days": gettext_lazy("Meters go on without a gateway for, days"),
            "spread_rule": gettext_lazy("Spread the amount owed"),
            "spread_over": gettext_lazy("Spread automatically above"),
            "spread_share": gettext_lazy("Share of a payment, percent"),
            "spread_weeks": gettext_lazy("Paid back within, weeks"),
            "spread_days": gettext_lazy("Days with power to pay in"),
        }


def silence_rules_form(request: HttpRequest, property_: Property) -> SilenceRulesForm:
    """Return the form as it was typed and refused before, or as it is stored."""
    typed = typed_before(request, reverse("console:silences:silence_rules", args=[property_.pk]))
    return SilenceRulesForm(typed, instance=Property.objects.get(pk=property_.pk))


@login_required
@require_POST
def silence_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Store the rules about gateways and meters that are silent."""
    property_ = property_of_manager(request, pk)
    form = SilenceRulesForm(request.POST, instance=property_)
    if form.is_valid():
        form.save()
        if set(ALONE_RULES) & set(form.changed_data):
            send_settings(property_)
        messages.success(request, _("The rules are saved."))
    else:
        refuse_form(request, form)
    return redirect("console:supply:supply", pk=pk)


def _silence(request: HttpRequest, pk: int) -> Silence:
    rows = Silence.objects.select_related("gateway__property__organisation", "meter__unit")
    return row_at(request, rows, "gateway__property", pk=pk)


def _paid_back(spread_: Spread) -> dict[str, Any]:
    left = spread_.debt.left
    return {"spread": spread_, "amount": spread_.debt.amount, "paid": spread_.debt.amount - left, "left": left}


def flats_of(silence: Silence, at: int) -> list[dict[str, Any]]:
    """Return, for each flat of a silence, what it may cost or what was used, what is owed, and what is spread."""
    flats = []
    for each in lendings(silence, at):
        row, tenancy = each.row, who_lives(each.row.meter, at)
        spreads = Spread.objects.filter(silence=silence, debt__tenancy__unit=row.meter.unit_id)
        can = ran_up(row, tenancy) if row.counted_at is not None and tenancy is not None else 0
        flats.append(
            {
                "row": row,
                "lending": each,
                "tenancy": tenancy,
                "owes": owes(tenancy) if tenancy else 0,
                "can": can,
                "share": share_for(silence.gateway.property, can, row.day_charge) if can else 0,
                "spreads": [_paid_back(one) for one in spreads.select_related("debt__tenancy")],
            }
        )
    return sorted(flats, key=lambda one: natural(str(one["row"].meter.unit.name)))


def _sums(flats: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {
        "energy": sum(each["row"].energy for each in flats),
        "charge": sum(each["row"].charge for each in flats),
        "owes": sum(each["owes"] for each in flats),
        "day_energy": sum(each["lending"].energy or 0 for each in flats),
        "day_charge": sum(each["lending"].charge or 0 for each in flats),
        "lent": sum(each["lending"].lent for each in flats),
        "can": sum(each["can"] for each in flats),
    }


@login_required
@require_GET
def silence(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one silence on one page."""
    silence_, at = _silence(request, pk), now()
    property_ = silence_.gateway.property
    flats = flats_of(silence_, at)
    context = {
        "silence": silence_,
        "property": property_,
        "zone_info": zone(property_.zone),
        "flats": flats,
        "sums": _sums(flats),
        "manager_notices": notices_of(silence_),
        "headline": headline(silence_),
        "duration": duration(silence_, at),
        "advice": advice(silence_, went_on=any(each["row"].was_read_meanwhile for each in flats)),
        "highest": HIGHEST,
    }
    return render(request, "console/silences/silence.html", context)


@login_required
@require_POST
def spread_silence(request: HttpRequest, pk: int) -> HttpResponse:
    """Spread the amount owed in a flat; without `unit`, in all flats that owe some of it."""
    silence_, given = _silence(request, pk), request.POST
    try:
        share = typed_whole(given["share"], "share", 1, HIGHEST) if given.get("share") else None
        wanted = typed_whole(given["unit"], "unit", 1, 2**62) if given.get("unit") else None
        done = 0
        for each in flats_of(silence_, now()):
            if each["can"] and wanted in (None, each["row"].meter.unit_id):
                spread(each["tenancy"], request.user.get_username(), silence_, each["can"], share)
                done += 1
        if not done:
            raise SpreadError(_("There is no owed amount to spread."))
    except (SpreadError, ValidationError) as error:
        refuse(request, error)
    else:
        messages.success(request, _("The amount is spread. The credit is being sent to the meter."))
    return redirect("console:silences:silence", pk=pk)


@login_required
@require_POST
def stop_spread(request: HttpRequest, pk: int) -> HttpResponse:
    """End a spread. What is left of it is owed at the meter again."""
    spread_ = row_at(
        request, Spread.objects.select_related("debt__tenancy__unit__property"), "debt__tenancy__unit__property", pk=pk
    )
    stop(spread_, request.user)
    messages.success(request, _("The spreading has ended. The rest is taken off at the meter."))
    if spread_.silence_id:
        return redirect("console:silences:silence", pk=spread_.silence_id)
    return redirect("console:units:money", pk=spread_.debt.tenancy.unit_id)
