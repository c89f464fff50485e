"""The page of a bill, for the tenant and for the manager."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from ....tables.export import as_file
from ...statements import bill_formats
from ...statements.bills import standing_of
from ...statements.pdf import PdfError, to_pdf
from ...statements.statement import statement
from ...web.access import bill_to_see
from ...web.downloads import as_download
from ...web.forms import one_of
from ...web.kept import say


@login_required
@require_GET
def bill(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a bill: on the page, as PDF, CSV or JSON."""
    bill_, manager = bill_to_see(request, pk)
    try:
        form = one_of(request.GET, "format", ("", "csv", "json", "pdf"))
    except ValidationError as error:
        say(request, error)
        return redirect("tenant:bill:bill", pk=pk)
    statement_, stands = statement(bill_.tenancy, bill_.begins, bill_.ends), standing_of(bill_)
    name = f"bill-{bill_.number}"
    if form == "json":
        text = json.dumps(bill_formats.to_document(stands), indent=1, ensure_ascii=False)
        return HttpResponse(text, content_type="application/json")
    if form == "csv":
        return as_download(as_file(bill_formats.to_csv(stands, statement_)), "text/csv; charset=utf-8", f"{name}.csv")
    context = {"statement": statement_, "stands": stands, "bill": bill_, "manager": manager, "unit": bill_.tenancy.unit}
    context["currency"] = bill_.tenancy.unit.property.currency
    if form == "pdf":
        try:
            return as_download(to_pdf(statement_, stands), "application/pdf", f"{name}.pdf")
        except PdfError as error:
            messages.error(request, str(error))
            return redirect("tenant:bill:bill", pk=pk)
    return render(request, "tenant/bill/bill.html", context)
