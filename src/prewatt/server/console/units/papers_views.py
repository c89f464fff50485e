"""The papers of a unit: the statements of its tenancies by month, and the receipts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from ....kernel.calendar import local_day, zone
from ....kernel.span import Span
from ...billing.models import StatementPaper
from ...estate.models import Tenancy
from ...payments.models import Receipt
from .tabs import UnitPage

MONTHS = 12
"""The statements of this many last months of a tenancy are listed; others are found by their days."""
RECEIPTS = 12


@dataclass(frozen=True)
class MonthPaper:
    """The statement of a month. `is_over`: nothing more will come to it. `paper`: the paper that was given out last;
    None if none was.
    """

    first: date
    is_over: bool
    paper: StatementPaper | None


@login_required
@require_GET
def papers(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the statements of a unit's tenancies by month, and the last receipts."""
    page = UnitPage(request, pk, "papers")
    unit = page.unit
    place = zone(unit.property.zone)
    tenancies = list(unit.tenancies.order_by("-begins"))
    given = StatementPaper.objects.filter(tenancy__in=tenancies).order_by("number")
    known = {(each.tenancy_id, each.begins, each.ends): each for each in given}
    receipts = Receipt.objects.filter(Q(top_up__tenancy__unit=unit) | Q(debt_payment__tenancy__unit=unit))
    context = {
        "tenancies": [(each, list(_months(each, page.at, place, known))) for each in tenancies],
        "receipts": receipts.select_related("top_up__tenancy", "debt_payment__tenancy").order_by("-number")[:RECEIPTS],
    }
    return page.still("console/units/papers.html", context)


def _months(
    tenancy: Tenancy, at: int, place: ZoneInfo, known: dict[tuple[int, int, int], StatementPaper]
) -> Iterator[MonthPaper]:
    """Yield the months of a tenancy up to now, the latest first."""
    today = local_day(at, place)
    until = min(at, tenancy.ends or at)
    first = local_day(max(until - 1, tenancy.begins), place).replace(day=1)
    begin = local_day(tenancy.begins, place).replace(day=1)
    # Who has gone and is settled gets the last statement at once.
    is_settled = tenancy.settled_at is not None
    for _number in range(MONTHS):
        if first < begin or first > today:
            return
        span = Span.of_month(first, place)
        yield MonthPaper(first, span.ends <= at or is_settled, known.get((tenancy.pk, span.begins, span.ends)))
        first = (first - timedelta(days=1)).replace(day=1)
