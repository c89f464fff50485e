"""The page that shows whether the payment providers, the books and the meters agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ...estate.typed_days import typed_day
from ...payments.findings import MATCHED, Finding
from ...payments.findings_of_days import Reconciled
from ...payments.models import Merchant
from ...payments.reconciliation import ReconciliationError, recent_days, reconciled
from ...web.access import owner_of
from ...web.kept import say
from ...web.paging import list_page


@login_required
@require_GET
def reconciliation(request: HttpRequest) -> HttpResponse:
    """Compare the settlement files, the ledger and the meters' journals, day by day."""
    owner = owner_of(request)
    first, last = recent_days(owner)
    try:
        first = typed_day(request.GET.get("first") or str(first), "first")
        last = typed_day(request.GET.get("last") or str(last), "last")
        reconciled_ = reconciled(owner, first, last)
    except (ReconciliationError, ValidationError) as error:
        say(request, error)
        reconciled_ = Reconciled()
    page = list_page(request, reconciled_)
    matched = Counter(each.day for each in reconciled_.movements if each.grade == MATCHED)
    context = {
        "owner": owner,
        "first": first,
        "last": last,
        "days": _by_day(page.object_list, matched),
        "page": page,
        "to_do": reconciled_.to_do,
        "matched": matched.total(),
        "count": len(reconciled_),
        "merchants": Merchant.objects.filter(organisation=owner),
    }
    return render(request, "console/reconciliation/reconciliation.html", context)


def _by_day(
    findings: Iterable[Finding], matched: Mapping[date, int]
) -> list[tuple[date, list[Finding], list[Finding], int]]:
    """Return each day of a page with what differs, what matches, and how many match on that day, also on other pages."""
    days = [(day, list(rows)) for day, rows in groupby(findings, key=lambda each: each.day)]
    return [
        (
            day,
            [each for each in rows if each.grade != MATCHED],
            [each for each in rows if each.grade == MATCHED],
            matched[day],
        )
        for day, rows in days
    ]
