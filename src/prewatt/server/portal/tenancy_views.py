"""Pages of a tenancy: its statement, its shares of common costs, and moves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ...kernel.calendar import local_day, zone
from ...tables.export import as_file
from ..allocation.models import BASES
from ..amounts import typed_money, typed_whole
from ..billing import formats
from ..billing.pdf import PdfError, to_pdf
from ..billing.statement import days, month, statement
from ..billing.tenancies import move_in, move_out, settle
from ..estate.models import Tenancy
from ..estate.setup import new_login
from ..time import now
from ..wall_clock import typed_day, wall_clock
from .access import tenancy_to_see, unit_of_manager
from .contact_views import typed_contact
from .forms import one_of
from .kept import refuse, say
from .sure import ask_about

MOST_OCCUPANTS = 1000


@login_required
@require_GET
def tenancy_statement(request: HttpRequest, pk: int) -> HttpResponse:
    """The statement of a month, or of any days, on the page, as PDF, CSV or JSON."""
    tenancy, manager = tenancy_to_see(request, pk)
    today = local_day(min(now(), tenancy.ends or now()), zone(tenancy.unit.property.zone))
    try:
        form = one_of(request.GET, "format", ("", "csv", "json", "pdf"))
        if "first" in request.GET:
            first, last = (typed_day(request.GET.get(name, ""), name) for name in ("first", "last"))
        else:
            first, last = month(request.GET.get("month") or f"{today:%Y-%m}")
        made = statement(tenancy, *days(tenancy, first, last))
    except (ValueError, ValidationError) as error:
        say(request, error)
        return redirect("statement", pk=pk)
    name = f"statement-{made.tenancy.pk}-{first}-{last}"
    if form == "csv":
        return _file(as_file(formats.to_csv(made)), "text/csv; charset=utf-8", f"{name}.csv")
    if form == "json":
        return HttpResponse(_json(made), content_type="application/json")
    if form == "pdf":
        try:
            return _file(to_pdf(made), "application/pdf", f"{name}.pdf")
        except PdfError as error:
            messages.error(request, str(error))
            return redirect("statement", pk=pk)
    context = {"made": made, "manager": manager, "first": first, "last": last, "unit": tenancy.unit}
    return render(request, "portal/statement.html", context)


def _json(made: Any) -> str:
    import json

    return json.dumps(formats.to_document(made), indent=1, ensure_ascii=False)


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@login_required
@require_GET
def share(request: HttpRequest, pk: int, share_pk: int) -> HttpResponse:
    """How a share of a common cost came about, with everybody's weights and nobody's name."""
    tenancy, _manager = tenancy_to_see(request, pk)
    mine = get_object_or_404(tenancy.shares.select_related("run__shared_cost__part"), pk=share_pk)
    everybody = [
        {"own": each.pk == mine.pk, "days": each.days, "weights": [each.weights[basis] for basis in mine.run.rule], "amount": each.amount}
        for each in mine.run.shares.order_by("unit__name", "id")
    ]  # fmt: skip
    context = {
        "tenancy": tenancy, "unit": tenancy.unit, "share": mine, "everybody": everybody, "where": zone(tenancy.unit.property.zone),
        "rule": [(BASES[basis], percent) for basis, percent in mine.run.rule.items()],
    }  # fmt: skip
    return render(request, "portal/share.html", context)


@login_required
@require_POST
def add_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody moves in; a login is made for them."""
    unit = unit_of_manager(request, pk)
    typed = request.POST
    try:
        begins = wall_clock(typed.get("begins", ""), unit.property, "begins")
        currency = unit.property.currency
        deposit = typed_money(typed["deposit"], "deposit", currency) if typed.get("deposit") else 0
        occupants = typed_whole(typed.get("occupants") or "1", "occupants", 0, MOST_OCCUPANTS)
        tenant = typed.get("tenant", "").strip()
        contact = typed_contact(request, unit.property)
        asked = ask_about(request, unit, tenant, deposit, _("Deposit received"), reverse("unit", args=[pk]))
        if asked is not None:
            return asked
        made = move_in(unit, tenant, begins, occupants=occupants, deposit=deposit, contact=contact)
        login, password = new_login(made)
    except ValidationError as error:
        refuse(request, error)
    else:
        text = _("%(tenant)s moves in. Login: %(login)s, password: %(password)s; it is shown this once.")
        messages.success(request, text % {"tenant": tenant, "login": login, "password": password})
    return redirect("unit", pk=pk)


@login_required
@require_POST
def end_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """The tenant moves out."""
    tenancy = _of_manager(request, pk)
    try:
        move_out(tenancy, wall_clock(request.POST.get("ends", ""), tenancy.unit.property, "ends"))
    except ValidationError as error:
        refuse(request, error, labels={"ends": _("Moves out at")})
    else:
        messages.success(request, _("Recorded. The account is settled as soon as the meter has reported until then."))
    return redirect("unit", pk=tenancy.unit_id)


@login_required
@require_POST
def settle_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the account of who has moved out, at once."""
    tenancy = _of_manager(request, pk)
    try:
        settle(tenancy)
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, _("The account is settled."))
    return redirect("unit", pk=tenancy.unit_id)


def _of_manager(request: HttpRequest, pk: int) -> Tenancy:
    tenancy, manager = tenancy_to_see(request, pk)
    if not manager:
        raise Http404
    return tenancy
