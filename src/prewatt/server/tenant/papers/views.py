"""Pages of a tenancy's documents: its statement, its shares of common costs, and the codes of a keypad meter."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ....kernel.calendar import local_day, next_month, zone
from ....tables.export import as_file
from ...allocation.models import BASES
from ...core.time import now
from ...estate.models import Tenancy
from ...estate.typed_days import typed_day
from ...statements import formats
from ...statements.keypad import sold_code
from ...statements.papers import paper_of
from ...statements.pdf import PdfError, to_pdf
from ...statements.pdf_task import LONG, PAPER
from ...statements.statement import Statement, days, month, statement
from ...vending.models import KeypadEntry
from ...web.access import tenancy_to_see
from ...web.downloads import as_download
from ...web.forms import one_of
from ...web.kept import say
from ...web.paging import list_page
from ...web.tasks.asking import asked_for


@login_required
@require_GET
def tenancy_statement(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the statement of a month, or of any local days: on the page, as PDF, CSV or JSON."""
    tenancy, manager = tenancy_to_see(request, pk)
    today = local_day(min(now(), tenancy.ends or now()), zone(tenancy.unit.property.zone))
    try:
        form = one_of(request.GET, "format", ("", "csv", "json", "pdf"))
        first, last = _asked_days(request, today)
        span = days(tenancy, first, last)
    except (ValueError, ValidationError) as error:
        say(request, error)
        return redirect("tenant:papers:tenancy_statement", pk=pk)
    if form == "pdf" and last - first > LONG:
        return _drawn_as_task(request, tenancy, first, last)
    document = statement(tenancy, *span)
    if form:
        try:
            return _in_format(document, form, f"statement-{document.tenancy.pk}-{first}-{last}")
        except PdfError as error:
            messages.error(request, str(error))
            return redirect("tenant:papers:tenancy_statement", pk=pk)
    begin, moved_in = first.replace(day=1), local_day(tenancy.begins, zone(tenancy.unit.property.zone))
    context = {
        "statement": document,
        "paper": paper_of(document),
        "manager": manager,
        "has_ended": tenancy.ends is not None and tenancy.ends <= now(),
        "first": first,
        "last": last,
        "earlier": begin - timedelta(days=1) if begin > moved_in else None,
        "later": next_month(begin) if next_month(begin) <= today else None,
        "unit": tenancy.unit,
    }
    return render(request, "tenant/papers/statement.html", context)


def _asked_days(request: HttpRequest, today: date) -> tuple[date, date]:
    """Return the first and the last day that a request asks for: any days, or those of a month, at first the present one.
    Raises ValueError or ValidationError.
    """
    if "first" in request.GET:
        return typed_day(request.GET["first"], "first"), typed_day(request.GET.get("last", ""), "last")
    return month(request.GET.get("month") or f"{today:%Y-%m}")


def _in_format(document: Statement, form: str, name: str) -> HttpResponse:
    """Return a statement as CSV, JSON or PDF. Raises PdfError if that can't be drawn."""
    if form == "csv":
        return as_download(as_file(formats.to_csv(document)), "text/csv; charset=utf-8", f"{name}.csv")
    if form == "json":
        return HttpResponse(_json(document), content_type="application/json")
    return as_download(to_pdf(document), "application/pdf", f"{name}.pdf")


def _drawn_as_task(request: HttpRequest, tenancy: Tenancy, first: date, last: date) -> HttpResponse:
    back = f"{reverse('tenant:papers:tenancy_statement', args=[tenancy.pk])}?first={first}&last={last}"
    given = {"first": f"{first}", "last": f"{last}"}
    return asked_for(request, PAPER, tenancy.unit.property.organisation, back, given=given, tenancy=tenancy)


def _json(document: Any) -> str:
    return json.dumps(formats.to_document(document), indent=1, ensure_ascii=False)


@login_required
@require_GET
def shares(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a tenancy's shares of common costs, the latest first; each leads to how it was calculated."""
    tenancy, manager = tenancy_to_see(request, pk)
    rows = tenancy.shares.select_related("run__shared_cost").order_by("-run__made_at", "-pk")
    context = {
        "tenancy": tenancy,
        "unit": tenancy.unit,
        "manager": manager,
        "page": list_page(request, rows),
        "zone_info": zone(tenancy.unit.property.zone),
        "currency": tenancy.unit.property.currency,
    }
    return render(request, "tenant/papers/shares.html", context)


@login_required
@require_GET
def share(request: HttpRequest, pk: int, share_pk: int) -> HttpResponse:
    """Show how a share of a common cost was calculated, with everybody's weights and nobody's name."""
    tenancy, _manager = tenancy_to_see(request, pk)
    own = get_object_or_404(tenancy.shares.select_related("run__shared_cost__part"), pk=share_pk)
    everybody = [
        {
            "own": each.pk == own.pk,
            "days": each.days,
            "weights": [each.weights[basis] for basis in own.run.rule],
            "amount": each.amount,
        }
        for each in own.run.shares.order_by("unit__name", "id")
    ]
    context = {
        "tenancy": tenancy,
        "unit": tenancy.unit,
        "share": own,
        "everybody": everybody,
        "zone_info": zone(tenancy.unit.property.zone),
        "rule": [(BASES[basis], percent) for basis, percent in own.run.rule.items()],
    }
    return render(request, "tenant/papers/share.html", context)


@login_required
@require_GET
def code(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show a code that was sold, to print: what was paid, and what the energy cost."""
    tenancy, _manager = tenancy_to_see(request, pk)
    rows = KeypadEntry.objects.select_related("code", "top_up", "token_meter").filter(code__isnull=False)
    entry = get_object_or_404(rows, tenancy=tenancy, number=number)
    context = {
        "tenancy": tenancy,
        "entry": entry,
        "code": sold_code(entry),
        "zone_info": zone(tenancy.unit.property.zone),
        "currency": tenancy.unit.property.currency,
        "taxes": entry.tax + entry.tax_included,
    }
    return render(request, "tenant/papers/code.html", context)
