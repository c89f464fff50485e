"""Paying after use, over the API: terms, bills and what is open of them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import StrictBool, StrictInt

from ...kernel.units import exact_instant, exact_money
from ...tables.export import as_file
from ..estate.terms import Terms
from ..estate.terms_in_force import terms_of, waiting_terms
from ..statements.bill_formats import short_document, to_csv, to_document
from ..statements.bills import open_bills, standing_of, standings
from ..statements.pdf import PdfError, to_pdf
from ..statements.statement import statement
from ..statements.terms import TermsRequest, agree, in_words, preview
from ..web.access import bill_to_see, landlords, properties, tenancy_of_manager, tenancy_to_see
from .reading import read_instant, read_money
from .writing import instant_text

router = Router()


def _document(terms: Terms | None, currency: str) -> dict[str, Any] | None:
    if terms is None:
        return None
    return {
        "postpaid": terms.is_postpaid,
        "begins": exact_instant(terms.begins),
        "applied": instant_text(terms.applied_at),
        "limit": exact_money(terms.limit),
        "limit_cuts": terms.limit_cuts,
        "due_days": terms.due_days,
        "overdue": terms.overdue,
        "overdue_days": terms.overdue_days,
        "owed": terms.owed,
        "by": terms.by,
        "says": in_words(terms, currency),
    }


@router.get("/tenancies/{pk}/terms")
def terms(request: HttpRequest, pk: int) -> Any:
    """Return the terms of a tenancy now (`holds`) and later (`to_come`); null if there are none. Without terms it pays
    before use.
    """
    tenancy = tenancy_of_manager(request, pk)
    currency = tenancy.unit.property.currency
    return {"holds": _document(terms_of(pk), currency), "to_come": _document(waiting_terms(pk), currency)}


class NewTerms(Schema):
    """`postpaid`: electricity is paid after use. `limit` as text; "0" for no limit. `overdue`: remind, ask or cut.
    `owed`: debt or spread, if the tenancy goes back to paying before use. `begins`: an instant; left out, it is now.
    `preview`: only say what the terms would do.
    """

    postpaid: StrictBool
    limit: str = "0"
    limit_cuts: StrictBool = True
    due_days: StrictInt = 14
    overdue: str = "remind"
    overdue_days: StrictInt = 14
    owed: str = "debt"
    begins: str | None = None
    preview: StrictBool = False


@router.post("/tenancies/{pk}/terms", response={200: dict[str, Any], 201: dict[str, Any]})
def change_terms(request: HttpRequest, pk: int, given: NewTerms) -> Any:
    """Let other terms apply from an instant on."""
    tenancy, user = tenancy_of_manager(request, pk), request.user
    fields = given.dict(exclude={"preview", "postpaid", "limit", "begins"})
    limit = read_money("limit", given.limit)
    begins = None if given.begins is None else read_instant("begins", given.begins)
    wanted = TermsRequest(is_postpaid=given.postpaid, **fields, limit=limit, begins=begins)
    if given.preview:
        return Status(200, {"says": preview(tenancy, wanted)})
    return Status(201, {"terms": _document(agree(tenancy, wanted, user), tenancy.unit.property.currency)})


@router.get("/bills")
def bills(request: HttpRequest) -> Any:
    """List the open bills of the landlords that this login manages, overdue ones first."""
    here = set(properties(request).values_list("pk", flat=True))
    return [
        short_document(each)
        for owner in landlords(request)
        for each in open_bills(owner)
        if each.bill.tenancy.unit.property_id in here
    ]


@router.get("/tenancies/{pk}/bills")
def bills_of(request: HttpRequest, pk: int) -> Any:
    """List all bills of a tenancy, the latest first, with their state. The tenant may ask, too."""
    return [short_document(each) for each in standings(tenancy_to_see(request, pk)[0])]


@router.get("/bills/{pk}")
def bill(request: HttpRequest, pk: int, form: str = "json") -> Any:
    """Return a bill with its statement. `form`: json, csv or pdf."""
    bill_ = bill_to_see(request, pk)[0]
    standing = standing_of(bill_)
    if form == "json":
        return to_document(standing)
    if form not in ("csv", "pdf"):
        raise ValidationError(
            {"form": _("%(form)r is not a known format. Known formats: json, csv, pdf") % {"form": form}}
        )
    document = statement(bill_.tenancy, bill_.begins, bill_.ends)
    if form == "csv":
        return HttpResponse(as_file(to_csv(standing, document)), content_type="text/csv; charset=utf-8")
    try:
        return HttpResponse(to_pdf(document, standing), content_type="application/pdf")
    except PdfError as error:
        raise ValidationError({"form": str(error)}) from None
