"""Statements over the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router

from ..statements.formats import to_csv, to_document
from ..statements.pdf import PdfError, to_pdf
from ..statements.statement import days, statement
from ..web.access import tenancy_to_see

router = Router()


@router.get("/tenancies/{pk}/statement")
def tenancy_statement(request: HttpRequest, pk: int, first: date, last: date, form: str = "json") -> Any:
    """Return a statement of local days, inclusive. `form`: json, csv or pdf."""
    tenancy, _by_manager = tenancy_to_see(request, pk)
    document = statement(tenancy, *days(tenancy, first, last))
    if form == "csv":
        return HttpResponse(to_csv(document), content_type="text/csv; charset=utf-8")
    if form == "pdf":
        try:
            return HttpResponse(to_pdf(document), content_type="application/pdf")
        except PdfError as error:
            raise ValidationError({"form": str(error)}) from None
    if form != "json":
        raise ValidationError(
            {"form": _("%(form)r is not a known format. Known formats: json, csv, pdf") % {"form": form}}
        )
    return to_document(document)
