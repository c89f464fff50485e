"""A tenant's fault reports over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from ....kernel.units import exact_instant
from ...correspondence.models import Report
from ...correspondence.reports import SHOWN, open_report
from .own import asked_or_new, own_tenancy, present_tenancy

router = Router()


@router.get("/me/tenancies/{pk}/reports")
def reports(request: HttpRequest, pk: int) -> Any:
    """List the reports of the flat, the latest first, and the kinds that can be reported."""
    rows = Report.objects.filter(tenancy=own_tenancy(request, pk)).prefetch_related("entries")
    kinds = [{"value": value, "title": str(label)} for value, label in Report.Category.choices]
    return {"kinds": kinds, "reports": [_document(each) for each in rows[:SHOWN]]}


class NewReport(Schema):
    """`kind`: of `kinds`. `asked`: your own name for it, so that asking twice is one report."""

    kind: str
    text: str
    asked: str = ""


@router.post("/me/tenancies/{pk}/reports", response={201: dict[str, Any]})
def report(request: HttpRequest, pk: int, given: NewReport) -> Any:
    """Report a fault."""
    tenancy = present_tenancy(request, pk)
    report_ = open_report(tenancy, asked_or_new(given.asked), given.kind, given.text, (), request.user)
    return Status(201, _document(report_))


def _document(report: Report) -> dict[str, Any]:
    first, *later = report.entries.all()
    return {
        "id": report.pk,
        "kind": report.category,
        "title": report.category_in_words,
        "state": report.state,
        "state_in_words": report.state_in_words,
        "at": exact_instant(report.made_at),
        "text": first.text,
        "answers": [
            {
                "at": exact_instant(each.at),
                "by": each.by,
                "text": each.text or each.get_state_display(),
            }
            for each in later
        ],
    }
