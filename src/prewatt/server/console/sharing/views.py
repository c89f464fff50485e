"""Pages of shared costs and of the building's energy balance."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as reverse_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ....kernel.calendar import day_bounds, local_day, zone
from ....kernel.names import natural
from ...allocation.costs import end, remove
from ...allocation.models import BASES, Run, SharedCost
from ...allocation.runs import in_words, preview, reverse, run
from ...core import local_forms
from ...core.amounts import typed_money
from ...core.time import now
from ...estate.typed_days import typed_day
from ...metering.balance import BalanceError, balance, by_month, month_of, over
from ...web.access import property_of_manager, row_at
from ...web.kept import refuse, say
from ...web.sure import Act, ask_whether
from .forms import SharedCostForm

RUNS = 24
"""The most runs of a shared cost that the page shows, the last ones."""


@login_required
@require_http_methods(["GET", "POST"])
def shared_costs(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is shared at a property and its runs; take a new shared cost."""
    property_ = property_of_manager(request, pk)
    # The form has a field for each flat, so it stands on the page only when it is asked for.
    is_asked = request.method == "POST" or "add" in request.GET
    form = SharedCostForm(property_, request.POST or None) if is_asked else None
    if form is not None and request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("%(name)s is saved.") % {"name": form.instance.name})
        return redirect("console:sharing:shared_costs", pk=pk)
    shown = Prefetch("runs", Run.objects.order_by("-ends", "-pk")[:RUNS], to_attr="last_runs")
    costs = sorted(
        property_.shared_costs.prefetch_related("meters", shown).select_related("part"),
        key=lambda cost: (cost.ends is not None, natural(cost.name)),
    )
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "form": form,
        "costs": costs,
        "bases": BASES,
        "weights": [form[f"weight_{unit.pk}"] for unit in form.units] if form is not None else [],
        "today": local_day(now(), zone(property_.zone)),
    }
    return render(request, "console/sharing/shared_costs.html", context)


def _cost(request: HttpRequest, pk: int) -> SharedCost:
    cost: SharedCost = row_at(
        request, SharedCost.objects.select_related("property__organisation", "part"), "property", pk=pk
    )
    return cost


@login_required
@require_http_methods(["GET", "POST"])
def shared_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a shared cost: its rule, which can be changed until something is booked, its last day, and a button to
    remove it.
    """
    cost = _cost(request, pk)
    property_, booked = cost.property, cost.runs.exists()
    form = SharedCostForm(property_, request.POST or None, instance=_cost(request, pk))
    if request.method == "POST" and form.is_valid():
        try:
            form.save()
        except ValidationError as error:
            say(request, error)
            return redirect("console:sharing:shared_costs", pk=property_.pk)
        messages.success(request, _("%(name)s is saved.") % {"name": form.instance.name})
        return redirect("console:sharing:shared_costs", pk=property_.pk)
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "cost": cost,
        "booked": booked,
        "form": form,
        "bases": BASES,
        "weights": [form[f"weight_{unit.pk}"] for unit in form.units],
        "last": cost.ends and local_day(cost.ends - 1, zone(property_.zone)),
    }
    return render(request, "console/sharing/shared_cost.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def end_shared_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a cost a last day, or let it go on after all."""
    cost, typed = _cost(request, pk), request.POST.get("last", "")
    try:
        end(cost, None if "go_on" in request.POST else typed_day(typed, "last"))
    except ValidationError as error:
        refuse(request, error, labels={"last": _("Last day")})
        return redirect("console:sharing:shared_cost", pk=pk)
    said = (
        _("%(name)s continues: it no longer has a last day.")
        if "go_on" in request.POST
        else _("The last day of %(name)s is saved.")
    )
    messages.success(request, said % {"name": cost.name})
    return redirect("console:sharing:shared_costs", pk=cost.property_id)


@login_required
@require_POST
def remove_shared_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a cost of which nothing was booked."""
    cost = _cost(request, pk)
    try:
        remove(cost)
    except ValidationError as error:
        say(request, error)
        return redirect("console:sharing:shared_cost", pk=pk)
    messages.success(request, _("%(name)s is removed.") % {"name": cost.name})
    return redirect("console:sharing:shared_costs", pk=cost.property_id)


@login_required
@require_POST
def run_shared_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a run would do; when it is confirmed, book it."""
    cost = _cost(request, pk)
    property_ = cost.property
    try:
        first, last = (typed_day(request.POST.get(name, ""), name) for name in ("first", "last"))
        typed = request.POST.get("amount", "")
        bill = typed_money(typed, "amount", property_.currency) if typed else None
        memo = request.POST.get("memo", "").strip()
        if "book" in request.POST:
            run(cost, first, last, bill, memo, request.user)
            messages.success(request, _("The cost is booked, and on its way to the meters."))
            return redirect("console:sharing:shared_costs", pk=property_.pk)
        outlook = preview(cost, first, last, bill, memo)
    except ValidationError as error:
        refuse(request, error)
        return redirect("console:sharing:shared_costs", pk=property_.pk)
    rows = [
        {"part": part, "weights": [in_words(basis, part.weights[basis]) for basis in cost.rule()]}
        for part in sorted(outlook.parts, key=lambda part: natural(part.unit.name))
    ]
    context = {
        "property": property_,
        "cost": cost,
        "outlook": outlook,
        "rows": rows,
        "first": first,
        "last": last,
        "amount": typed,
        "memo": memo,
        "rule": [(BASES[basis], percent) for basis, percent in cost.rule().items()],
    }
    return render(request, "console/sharing/shared_preview.html", context)


@login_required
@require_POST
def reverse_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a whole run back."""
    rows = Run.objects.select_related("shared_cost__property")
    run_ = row_at(request, rows, "shared_cost__property", pk=pk)
    give_back = partial(reverse, run_, request.user)
    try:
        asked = ask_whether(request, run_.shared_cost.property, _reversing(run_), give_back)
        if asked is not None:
            return asked
        give_back()
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, _("The run is given back."))
    return redirect("console:sharing:shared_costs", pk=run_.shared_cost.property_id)


def _reversing(run_: Run) -> Act:
    """Return what a person is asked before a run is given back."""
    property_ = run_.shared_cost.property
    given = {"name": run_.shared_cost.name, "amount": local_forms.money_with_code(run_.cost, property_.currency)}
    return Act(
        "reverse",
        _("Give this run of %(name)s back?") % given,
        (
            _("Each flat gets back what it has paid of %(amount)s, as credit at its meter.") % given,
            _("The same days can be booked again afterwards."),
        ),
        _("Yes, give it back"),
        reverse_url("console:sharing:shared_costs", args=[property_.pk]),
    )


@login_required
@require_GET
def building_balance(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the energy balance: the main meter and the sum of all others, by month, and by interval of a day."""
    property_ = property_of_manager(request, pk)
    zone_ = zone(property_.zone)
    context: dict[str, Any] = {"property": property_, "zone_info": zone_}
    day = local_day(now(), zone_)
    try:
        if request.GET.get("day"):
            day = typed_day(request.GET["day"], "day")
    except ValidationError as error:
        say(request, error)
    try:
        context["months"] = [
            {"span": span, "month": month_of(span, property_), "over": over(span, property_)}
            for span in by_month(property_, now())
        ]
        spans = balance(property_, *day_bounds(day, zone_))
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
    return render(request, "console/sharing/balance.html", context)
