"""The statements of all flats of a property: of a month, as a file to be printed, or by e-mail."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import local_day, next_month, zone
from ....kernel.span import Span
from ...accounts.rights import Right
from ...billing.models import StatementPaper
from ...core.time import now
from ...estate.models import Property, Tenancy
from ...notices.statements_task import MAILED
from ...statements.many_task import PAPERS, tenancies_in
from ...statements.statement import month
from ...web.access import property_of_manager
from ...web.forms import key
from ...web.kept import say
from ...web.tasks.views import asked_for, facts_of


def _month(request: HttpRequest, given: QueryDict, property_: Property) -> tuple[date, date]:
    """Return the first and the last day of the month that is asked for; if none is, or none that can be, of last month, or of
    this one where nobody lived before.
    """
    today = local_day(now(), zone(property_.zone))
    usual = today.replace(day=1) - timedelta(days=1)
    if not tenancies_in(property_, usual.replace(day=1), usual):
        usual = next_month(today) - timedelta(days=1)
    try:
        return month(given.get("month") or f"{usual:%Y-%m}")
    except ValueError as error:
        say(request, error)
        return usual.replace(day=1), usual


@login_required
@require_GET
def statements(request: HttpRequest, pk: int) -> HttpResponse:
    """Show whose statements of a month there are, which were given out, and have them all drawn or sent."""
    property_ = property_of_manager(request, pk)
    first, last = _month(request, request.GET, property_)
    place = zone(property_.zone)
    span = Span.of_days(first, last, place)
    tenancies = tenancies_in(property_, first, last)
    given_out = StatementPaper.objects.filter(tenancy__in=tenancies, begins=span.begins, ends=span.ends)
    papers = {each.tenancy_id: each for each in given_out.order_by("number")}
    today = local_day(now(), place)
    context = {
        "property": property_,
        "where": place,
        "first": first,
        "month": f"{first:%Y-%m}",
        "earlier": first - timedelta(days=1),
        "later": next_month(first) if next_month(first) <= today else None,
        "is_over": last < today,
        "rows": [(each, papers.get(each.pk)) for each in tenancies],
        "mailed": facts_of(request, MAILED),
    }
    return render(request, "console/papers/statements.html", context)


def _asked(request: HttpRequest, pk: int, kind: str, right: Right, **more: Any) -> HttpResponse:
    property_ = property_of_manager(request, pk)
    first, last = _month(request, request.POST, property_)
    back = f"{reverse('console:papers:statements', args=[pk])}?{urlencode({'month': f'{first:%Y-%m}'})}"
    given = {"property": pk, "first": f"{first}", "last": f"{last}", "at": now(), **more}
    return asked_for(request, kind, property_.organisation, back, given=given, right=right)


@login_required
@require_POST
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the statements of all flats drawn into one file."""
    return _asked(request, pk, PAPERS, Right.SEE_MONEY)


@login_required
@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Have statements sent by e-mail: to all tenants, or to the one that is named. Raises Http404 if that is nobody's here."""
    property_ = property_of_manager(request, pk)
    named = request.POST.get("tenancy", "")
    own = [get_object_or_404(Tenancy, pk=key(named), unit__property=property_)] if named else []
    return _asked(request, pk, MAILED, Right.WRITE, tenancies=[each.pk for each in own])
