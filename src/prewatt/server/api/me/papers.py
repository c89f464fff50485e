"""A tenant's papers over the API: statements, shares of shared costs, the bill so far."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router

from ....kernel.calendar import local_day, next_month, zone
from ....kernel.span import Span
from ....kernel.units import exact_kwh, exact_money, exact_price
from ...allocation.models import Share
from ...core import local_forms
from ...core.time import now
from ...estate.models import Tenancy
from ...statements.bill_formats import short_document
from ...statements.formats import derivation, to_document
from ...statements.pdf import PdfError, to_pdf
from ...statements.statement import TOP_UPS, Line, Statement, days, month, statement
from ...vending.keypads import account_meter_of
from ...web.after_use import After, after_use
from ...web.downloads import as_download
from ..writing import instant_text
from .figures import meter_of
from .own import own_tenancy

router = Router()
RELATED = ("run__shared_cost", "unit__property")
SHOWN = 60
"""The most months, and the most shares, of a list."""


def _months(tenancy: Tenancy) -> Iterator[date]:
    """Yield the first days of the months in which somebody lived there until now, the latest first."""
    place = zone(tenancy.unit.property.zone)
    span = Span(tenancy.begins, min(now(), tenancy.ends or now()))
    if span.ends <= span.begins:
        return
    first, each = span.first_day(place).replace(day=1), span.last_day(place).replace(day=1)
    while each >= first:
        yield each
        each = (each - timedelta(days=1)).replace(day=1)


@router.get("/me/tenancies/{pk}/statements")
def statements(request: HttpRequest, pk: int) -> Any:
    """List the months that have a statement, the latest first. `is_final`: the month is over, and all of it was reported."""
    tenancy = own_tenancy(request, pk)
    meter, place = meter_of(tenancy.unit), zone(tenancy.unit.property.zone)
    known_until = now()
    if meter is not None or account_meter_of(tenancy) is not None:
        known_until = min(known_until, (meter.read_at or 0) if meter is not None else 0)
    rows = []
    for first in list(_months(tenancy))[:SHOWN]:
        ends = Span.of_month(first, place).ends
        rows.append(
            {
                "month": f"{first:%Y-%m}",
                "title": local_forms.day(first, "F Y"),
                "is_final": known_until >= min(ends, tenancy.ends or ends),
            }
        )
    return rows


def _statement(request: HttpRequest, pk: int, name: str) -> Statement:
    tenancy = own_tenancy(request, pk)
    first, last = month(name)
    if first not in _months(tenancy):
        raise Http404
    return statement(tenancy, *days(tenancy, first, last))


@router.get("/me/tenancies/{pk}/statements/{name}")
def one_statement(request: HttpRequest, pk: int, name: str) -> Any:
    """Return the statement of a month such as 2026-10."""
    return to_document(_statement(request, pk, name))


@router.get("/me/tenancies/{pk}/statements/{name}/pdf")
def statement_as_pdf(request: HttpRequest, pk: int, name: str) -> Any:
    """Return the statement of a month as PDF."""
    try:
        content = to_pdf(_statement(request, pk, name))
    except PdfError as error:
        raise ValidationError(str(error)) from None
    return as_download(content, "application/pdf", f"statement-{pk}-{name}.pdf")


@router.get("/me/tenancies/{pk}/shares")
def shares(request: HttpRequest, pk: int) -> Any:
    """List the flat's shares of shared costs, the latest first, each with its first and last local day, inclusive."""
    rows = own_tenancy(request, pk).shares.select_related(*RELATED).order_by("-run__made_at", "-pk")
    return [_share(each) for each in rows[:SHOWN]]


@router.get("/me/tenancies/{pk}/shares/{share_pk}")
def share(request: HttpRequest, pk: int, share_pk: int) -> Any:
    """Return a share of a shared cost with its derivation: everybody's weights, and nobody's name."""
    rows = own_tenancy(request, pk).shares.select_related(*RELATED)
    each = get_object_or_404(rows, pk=share_pk)
    return {**_share(each), "derivation": derivation(each)}


def _share(each: Share) -> dict[str, Any]:
    span, place = Span(each.run.begins, each.run.ends), zone(each.unit.property.zone)
    return {
        "id": each.pk,
        "name": each.run.shared_cost.name,
        "begins": f"{span.first_day(place)}",
        "ends": f"{span.last_day(place)}",
        "amount": exact_money(each.amount),
        "is_reversed": each.run.reversed_at is not None,
    }


@router.get("/me/tenancies/{pk}/bill")
def bill(request: HttpRequest, pk: int) -> Any:
    """Return the bill so far: the statement of the present month, or of the last month of a tenancy that is over, and
    its charges by line. `pays_after_use`: the terms, and what is open of bills; null for a tenancy that pays before
    use.
    """
    tenancy = own_tenancy(request, pk)
    first = next(_months(tenancy), None)
    if first is None:
        raise Http404
    today = local_day(now(), zone(tenancy.unit.property.zone))
    last = min(next_month(first) - timedelta(days=1), max(today, first))
    after, statement_ = after_use(tenancy), statement(tenancy, *days(tenancy, first, last))
    lines = [each for each in statement_.lines if each.section != TOP_UPS and not each.included]
    return {
        "month": f"{first:%Y-%m}",
        "title": local_forms.day(first, "F Y"),
        "begins": f"{first}",
        "ends": f"{last}",
        "lines": [_line(each) for each in lines],
        "total": exact_money(-sum(each.amount for each in lines)),
        "statement": to_document(statement_),
        "pays_after_use": None if after is None else _after_use(after),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "text": line.text,
        "quantity": None if line.energy is None else exact_kwh(line.energy),
        "price": None if line.price is None else exact_price(line.price),
        "amount": exact_money(-line.amount),
    }


def _after_use(after: After) -> dict[str, Any]:
    return {
        "terms": after.terms,
        "owed": exact_money(after.owed),
        "open": exact_money(after.open),
        "overdue": exact_money(after.overdue),
        "due_at": instant_text(after.due),
        "supply_ends_at": instant_text(after.follows),
        "bills": [short_document(each) for each in after.bills],
    }
