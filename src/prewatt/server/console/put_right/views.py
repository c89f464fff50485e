"""The page on which a move that was recorded wrongly is corrected. What the correction would do is shown first."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from ....kernel.calendar import local, zone
from ....kernel.currencies import format_money
from ...core.amounts import typed_money
from ...core.errors import Refused
from ...estate.models import Tenancy
from ...estate.wall_clock import wall_clock
from ...tenancies.put_right import Change, Outcome, preview, put_right
from ...tenancies.seen import changed_meanwhile, correctable
from ...web.access import tenancy_to_see
from ...web.kept import keep, refuse

FIELDS = ("begins", "ends", "tenant", "deposit")
SEEN = "seen-"
"""What the hidden fields are called with which the form carries the values that it was shown with."""
TICKS = ("stays", "along", "another")
LABELS = {"begins": _("Moves in"), "ends": _("Moves out"), "deposit": _("Deposit received")}


def _shown(tenancy: Tenancy) -> dict[str, Any]:
    """Return the values of the form before anything is typed."""
    zone_ = zone(tenancy.unit.property.zone)
    return {
        "begins": f"{local(tenancy.begins, zone_):%Y-%m-%dT%H:%M}",
        "ends": "" if tenancy.ends is None else f"{local(tenancy.ends, zone_):%Y-%m-%dT%H:%M}",
        "tenant": tenancy.tenant,
        "deposit": format_money(tenancy.deposit, tenancy.unit.property.currency),
    }


def _check_seen(request: HttpRequest, shown: dict[str, Any]) -> None:
    """Raise Refused if somebody else has changed the move since the form was shown. Fields in which nothing was
    typed are as they are stored then, or the next click would undo what the other has done.
    """
    typed = request.POST.copy()
    seen = {name: typed.get(SEEN + name, shown[name]) for name in FIELDS}
    if all(seen[name] == shown[name] for name in FIELDS):
        return
    for name in FIELDS:
        if typed.get(name, "").strip() in ("", seen[name]):
            typed[name] = shown[name]
    request.POST = typed  # type: ignore[assignment]
    raise changed_meanwhile()


def _change(tenancy: Tenancy, typed: Any) -> Change:
    """Return what was typed differently from the form's first values."""
    shown, property_ = _shown(tenancy), tenancy.unit.property
    given = {name: typed.get(name, "").strip() for name in FIELDS}
    new = {name: text for name, text in given.items() if text and text != shown[name]}
    return Change(
        begins=wall_clock(new["begins"], property_, "begins") if "begins" in new else None,
        ends=wall_clock(new["ends"], property_, "ends") if "ends" in new and "stays" not in typed else None,
        stays="stays" in typed and tenancy.ends is not None,
        along="along" in typed,
        tenant=new.get("tenant"),
        deposit=typed_money(new["deposit"], "deposit", property_.currency) if "deposit" in new else None,
        another="another" in typed,
        # The page has compared these; they are compared again when nobody else can change them any more.
        seen=correctable(tenancy),
    )


@login_required
@require_http_methods(["GET", "POST"])
def put_move_right(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form, then what the correction would do; one more click does it."""
    tenancy, manager = tenancy_to_see(request, pk)
    if not manager:
        raise Http404
    shown = _shown(tenancy)
    typed: Any = request.POST
    outcome: Outcome | None = None
    wrong = False
    if request.method == "POST":
        try:
            _check_seen(request, shown)
            change = _change(tenancy, typed)
            if typed.get("do") == "do":
                put_right(tenancy, change, request.user, typed.get("reason", ""))
                _say(request, Tenancy.objects.select_related("unit").get(pk=pk), change)
                return redirect("console:units:people", pk=tenancy.unit_id)
            outcome = preview(tenancy, change, request.user)
            keep(request)
        except (Refused, ValidationError) as error:
            refuse(request, error, labels=LABELS)
            wrong = True
    context = {
        "tenancy": tenancy,
        "unit": tenancy.unit,
        "zone_info": zone(tenancy.unit.property.zone),
        "outcome": outcome,
        "shown": shown,
        "seen": [(SEEN + name, shown[name]) for name in FIELDS],
        "fields": [(name, typed[name]) for name in (*FIELDS, *TICKS) if name in typed],
    }
    return render(request, "console/put_right/put_right.html", context, status=400 if wrong else 200)


def _say(request: HttpRequest, tenancy: Tenancy, change: Change) -> None:
    messages.success(request, _now("The move is corrected."))
    if change.another:
        text = _now("%(tenant)s has no login yet. Print an invitation below, and hand it over.")
        messages.success(request, text % {"tenant": tenancy.tenant})
