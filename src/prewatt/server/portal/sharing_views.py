"""Pages of shared costs and of the building's balance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.names import natural
from ..allocation.models import BASES, FixedWeight, Run, SharedCost
from ..allocation.runs import in_words, preview, reverse, run
from ..amounts import NumberField, typed_money
from ..estate.models import Property
from ..metering.balance import BalanceError, balance, by_month, month_of, over
from ..metering.models import Meter
from ..time import now
from ..wall_clock import YEARS, typed_day
from .access import organisations, property_of_manager
from .kept import refuse, say


class SharedCostForm(forms.ModelForm):
    """A shared cost and its rule."""

    first = forms.DateField(label=_("from the day"), required=False, widget=forms.DateInput({"type": "date"}))

    class Meta:
        model = SharedCost
        fields = ("name", "part", "meters", *BASES, "vacancy", "schedule")
        field_classes = dict.fromkeys(BASES, NumberField)
        widgets = {"meters": forms.CheckboxSelectMultiple()}

    def __init__(self, where: Property, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.property = where
        self.fields["part"].queryset = where.parts.all()  # type: ignore[attr-defined]
        meters = Meter.objects.filter(gateway__property=where, role=Meter.Role.COMMON)
        self.fields["meters"].queryset = meters  # type: ignore[attr-defined]
        self.units = sorted(where.units.all(), key=lambda unit: natural(unit.name))
        for unit in self.units:
            self.fields[f"weight_{unit.pk}"] = NumberField(
                label=unit.name, required=False, min_value=0, max_digits=10, decimal_places=3
            )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        named = self.instance.property.shared_costs.filter(name=values.get("name"))
        if named.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("There is a shared cost of this name already."))
        first = values.get("first")
        if first is not None and first.year in YEARS:
            self.instance.since = day_bounds(first, zone(self.instance.property.zone))[0]
        elif values.get("schedule") != SharedCost.Schedule.NONE:
            self.add_error("first", _("A cost that runs by itself needs the day from which it does."))
            self.instance.since = 0
        return values

    @transaction.atomic
    def save(self, commit: bool = True) -> SharedCost:
        made: SharedCost = super().save(commit)
        for unit in self.units:
            weight = self.cleaned_data.get(f"weight_{unit.pk}")
            if weight:
                FixedWeight.objects.create(shared_cost=made, unit=unit, weight=weight)
        return made


@login_required
@require_http_methods(["GET", "POST"])
def shared_costs(request: HttpRequest, pk: int) -> HttpResponse:
    """What is shared at a property, its runs, and a form for another one."""
    where = property_of_manager(request, pk)
    form = SharedCostForm(where, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("%(name)s is kept.") % {"name": form.instance.name})
        return redirect("shared-costs", pk=pk)
    costs = sorted(
        where.shared_costs.prefetch_related("meters", "runs").select_related("part"),
        key=lambda cost: natural(cost.name),
    )
    context = {
        "property": where, "where": zone(where.zone), "form": form, "costs": costs, "bases": BASES,
        "weights": [form[f"weight_{unit.pk}"] for unit in form.units],
        "today": local_day(now(), zone(where.zone)),
    }  # fmt: skip
    return render(request, "portal/shared_costs.html", context)


def _cost(request: HttpRequest, pk: int) -> SharedCost:
    found: SharedCost = get_object_or_404(
        SharedCost.objects.select_related("property__organisation", "part"),
        pk=pk, property__organisation__in=organisations(request),
    )  # fmt: skip
    return found


@login_required
@require_POST
def run_shared_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """Preview a run; when it is confirmed, book it."""
    cost = _cost(request, pk)
    where = cost.property
    try:
        first, last = (typed_day(request.POST.get(name, ""), name) for name in ("first", "last"))
        typed = request.POST.get("amount", "")
        bill = typed_money(typed, "amount", where.currency) if typed else None
        memo = request.POST.get("memo", "").strip()
        if "book" in request.POST:
            run(cost, first, last, bill, memo, request.user)
            messages.success(request, _("Booked, and on its way to the meters."))
            return redirect("shared-costs", pk=where.pk)
        found = preview(cost, first, last, bill)
    except ValidationError as error:
        refuse(request, error)
        return redirect("shared-costs", pk=where.pk)
    rows = [
        {"part": part, "weights": [in_words(basis, part.weights[basis]) for basis in cost.rule()]}
        for part in sorted(found.parts, key=lambda part: natural(part.unit.name))
    ]
    context = {
        "property": where, "cost": cost, "found": found, "rows": rows, "first": first, "last": last,
        "amount": typed, "memo": memo,
        "rule": [(BASES[basis], percent) for basis, percent in cost.rule().items()],
    }  # fmt: skip
    return render(request, "portal/shared_preview.html", context)


@login_required
@require_POST
def reverse_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a whole run back."""
    made = get_object_or_404(Run, pk=pk, shared_cost__property__organisation__in=organisations(request))
    try:
        reverse(made, request.user)
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, _("The run is given back."))
    return redirect("shared-costs", pk=made.shared_cost.property_id)


@login_required
@require_GET
def building_balance(request: HttpRequest, pk: int) -> HttpResponse:
    """The main meter beside the sum of all others: by month, and by interval of a day."""
    where = property_of_manager(request, pk)
    place = zone(where.zone)
    context: dict[str, Any] = {"property": where, "where": place}
    day = local_day(now(), place)
    try:
        if request.GET.get("day"):
            day = typed_day(request.GET["day"], "day")
    except ValidationError as error:
        say(request, error)
    try:
        context["months"] = [
            {"span": span, "month": month_of(span, where), "over": over(span, where)} for span in by_month(where, now())
        ]
        spans = balance(where, *day_bounds(day, place))
        most = max((abs(each) for span in spans for each in (span.main, span.unaccounted)), default=0) or 1
        context |= {
            "day": day,
            "spans": [
                {
                    "span": span,
                    "height": 100 * max(span.main, 0) // most,
                    "lost": 100 * max(span.unaccounted, 0) // most,
                }
                for span in spans
            ],
        }
    except BalanceError as error:
        context["nothing"] = str(error)
    return render(request, "portal/balance.html", context)
