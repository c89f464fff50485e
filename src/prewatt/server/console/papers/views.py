"""The statements of a month: of all flats of a property, or of those that were chosen; as one PDF, as a PDF for each, or by
e-mail.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Min
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
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
from ...statements.many_task import EACH, PAPERS, held_in
from ...statements.statement import month
from ...web.access import property_of_manager
from ...web.forms import key
from ...web.kept import say
from ...web.paging import containing, looked_for, page_by_name
from ...web.tasks.asking import asked_for
from ...web.tasks.own_tasks import facts_of


def _month(request: HttpRequest, given: QueryDict, property_: Property) -> tuple[date, date]:
    """Return the first and the last day of the month that is asked for; if none is, or none that can be, of last month, or of
    this one where nobody lived before.
    """
    today = local_day(now(), zone(property_.zone))
    usual = today.replace(day=1) - timedelta(days=1)
    if not held_in(property_, usual.replace(day=1), usual).exists():
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
    units = _units(property_, request.GET)
    held = held_in(property_, first, last)
    if units:
        held = held.filter(unit__in=units)
    matching = held.filter(containing(looked_for(request), ("unit__name", "tenant")))
    page = page_by_name(request, matching.select_related("unit"), "unit__name", "begins")
    given_out = StatementPaper.objects.filter(tenancy__in=list(page), begins=span.begins, ends=span.ends)
    papers = {each.tenancy_id: each for each in given_out.order_by("number")}
    today = local_day(now(), place)
    moved_in = Tenancy.objects.filter(unit__property=property_).aggregate(first=Min("begins"))["first"]
    earliest = local_day(moved_in, place) if moved_in is not None else today
    context = {
        "property": property_,
        "zone_info": place,
        "first": first,
        "month": f"{first:%Y-%m}",
        "units": units,
        "chosen": "".join(f"&unit={each}" for each in units),
        "earlier": first - timedelta(days=1) if first > earliest else None,
        "later": next_month(first) if next_month(first) <= today else None,
        "is_over": last < today,
        "page": page,
        "is_held": bool(page.paginator.count) or held.exists(),
        "rows": [(each, papers.get(each.pk)) for each in page],
        "mailed": facts_of(request, MAILED),
    }
    return render(request, "console/papers/statements.html", context)


def _units(property_: Property, given: QueryDict) -> list[int]:
    """Return the flats that were chosen; none: all are meant. Raises Http404 if one is named that is not the property's."""
    wanted = {key(each) for each in given.getlist("unit")}
    units = list(property_.units.filter(pk__in=wanted).values_list("pk", flat=True))
    if len(units) != len(wanted):
        raise Http404
    return units


def _asked(request: HttpRequest, pk: int, kind: str, right: Right, **more: Any) -> HttpResponse:
    property_ = property_of_manager(request, pk)
    first, last = _month(request, request.POST, property_)
    units = _units(property_, request.POST)
    chosen = [("month", f"{first:%Y-%m}"), *(("unit", each) for each in units)]
    back = f"{reverse('console:papers:statements', args=[pk])}?{urlencode(chosen)}"
    given = {"property": pk, "first": f"{first}", "last": f"{last}", "at": now(), "units": units, **more}
    return asked_for(request, kind, property_.organisation, back, given=given, right=right)


@login_required
@require_POST
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """Have statements drawn: into one PDF, or each into one of its own (`files`)."""
    return _asked(request, pk, PAPERS, Right.SEE_MONEY, files=EACH if request.POST.get("files") == EACH else "")


@login_required
@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Have statements sent by e-mail: to all tenants of the flats, or to the one that is named. Raises Http404 if no
    tenancy here has that number.
    """
    property_ = property_of_manager(request, pk)
    named = request.POST.get("tenancy", "")
    own = [get_object_or_404(Tenancy, pk=key(named), unit__property=property_)] if named else []
    return _asked(request, pk, MAILED, Right.WRITE, tenancies=[each.pk for each in own])
