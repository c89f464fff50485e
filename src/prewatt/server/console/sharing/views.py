"""Pages of shared costs and of the building's balance."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ....kernel.calendar import day_bounds, local_day, zone
from ....kernel.names import natural
from ...allocation.costs import end, remove
from ...allocation.models import BASES, Run, SharedCost
from ...allocation.runs import in_words, preview, reverse, run
from ...core.amounts import typed_money
from ...core.time import now
from ...estate.wall_clock import typed_day
from ...metering.balance import BalanceError, balance, by_month, month_of, over
from ...web.access import organisations, property_of_manager
from ...web.kept import refuse, say
from .forms import SharedCostForm


@login_required
@require_http_methods(["GET", "POST"])
def shared_costs(request: HttpRequest, pk: int) -> HttpResponse:
    """What is shared at a property, its runs, and a form for another one."""
    where = property_of_manager(request, pk)
    form = SharedCostForm(where, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("%(name)s is kept.") % {"name": form.instance.name})
        return redirect("console:sharing:shared_costs", pk=pk)
    costs = sorted(
        where.shared_costs.prefetch_related("meters", "runs").select_related("part"),
        key=lambda cost: (cost.ends is not None, natural(cost.name)),
    )
    context = {
        "property": where, "where": zone(where.zone), "form": form, "costs": costs, "bases": BASES,
        "weights": [form[f"weight_{unit.pk}"] for unit in form.units],
        "today": local_day(now(), zone(where.zone)),
    }  # fmt: skip
    return render(request, "console/sharing/shared_costs.html", context)


def _cost(request: HttpRequest, pk: int) -> SharedCost:
    found: SharedCost = get_object_or_404(
        SharedCost.objects.select_related("property__organisation", "part"),
        pk=pk, property__organisation__in=organisations(request),
    )  # fmt: skip
    return found


@login_required
@require_http_methods(["GET", "POST"])
def shared_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """A shared cost by itself: its rule, while nothing was booked of it; its last day; and a way to take it away."""
    cost = _cost(request, pk)
    where, booked = cost.property, cost.runs.exists()
    form = SharedCostForm(where, request.POST or None, instance=_cost(request, pk))
    if request.method == "POST" and form.is_valid():
        try:
            form.save()
        except ValidationError as error:
            say(request, error)
            return redirect("console:sharing:shared_costs", pk=where.pk)
        messages.success(request, _("%(name)s is kept.") % {"name": form.instance.name})
        return redirect("console:sharing:shared_costs", pk=where.pk)
    context = {
        "property": where, "where": zone(where.zone), "cost": cost, "booked": booked, "form": form, "bases": BASES,
        "weights": [form[f"weight_{unit.pk}"] for unit in form.units],
        "last": cost.ends and local_day(cost.ends - 1, zone(where.zone)),
    }  # fmt: skip
    return render(request, "console/sharing/shared_cost.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def end_shared_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """A cost has a last day, or goes on after all."""
    cost, typed = _cost(request, pk), request.POST.get("last", "")
    try:
        end(cost, None if "go_on" in request.POST else typed_day(typed, "last"))
    except ValidationError as error:
        refuse(request, error, labels={"last": _("Last day")})
        return redirect("console:sharing:shared_cost", pk=pk)
    said = _("%(name)s goes on.") if "go_on" in request.POST else _("The last day of %(name)s is saved.")
    messages.success(request, said % {"name": cost.name})
    return redirect("console:sharing:shared_costs", pk=cost.property_id)


@login_required
@require_POST
def remove_shared_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """A cost of which nothing was booked is taken away."""
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
            return redirect("console:sharing:shared_costs", pk=where.pk)
        found = preview(cost, first, last, bill)
    except ValidationError as error:
        refuse(request, error)
        return redirect("console:sharing:shared_costs", pk=where.pk)
    rows = [
        {"part": part, "weights": [in_words(basis, part.weights[basis]) for basis in cost.rule()]}
        for part in sorted(found.parts, key=lambda part: natural(part.unit.name))
    ]
    context = {
        "property": where, "cost": cost, "found": found, "rows": rows, "first": first, "last": last,
        "amount": typed, "memo": memo,
        "rule": [(BASES[basis], percent) for basis, percent in cost.rule().items()],
    }  # fmt: skip
    return render(request, "console/sharing/shared_preview.html", context)


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
    return redirect("console:sharing:shared_costs", pk=made.shared_cost.property_id)


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
    return render(request, "console/sharing/balance.html", context)
