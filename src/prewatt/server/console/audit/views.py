"""The page of all changes that people made to what belongs to a landlord."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from ....kernel.calendar import day_bounds, zone
from ....kernel.span import Span
from ...accounts.audit import AuditEntry
from ...accounts.memberships import Membership
from ...core.spans import during
from ...web.access import owner_of
from .in_words import in_words, things

SHOWN = 100
FILTERS = ("organisation", "user", "day", "thing", "row")


@login_required
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """Show who changed what, the latest first: of one person, day or thing, if asked for."""
    owner = owner_of(request)
    zone_info = zone(owner.home().zone)
    rows = _asked(request, AuditEntry.objects.filter(organisation=owner.pk), zone_info.key)
    if before := _number(request, "before"):
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-pk")[: SHOWN + 1])
    kept: dict[str, str] = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    context = {
        "owner": owner,
        "zone_info": zone_info,
        "rows": in_words(page[:SHOWN], zone_info),
        "older": urlencode({**kept, "before": str(page[SHOWN - 1].pk)}) if len(page) > SHOWN else "",
        "chosen": kept,
        "people": [each.user for each in Membership.objects.filter(organisation=owner).select_related("user")],
        "things": things(),
    }
    return render(request, "console/audit/changes.html", context)


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _asked(request: HttpRequest, rows: QuerySet[AuditEntry], zone_name: str) -> QuerySet[AuditEntry]:
    """Return the entries that the filters of the page leave. What is no filter is left out."""
    if user := _number(request, "user"):
        rows = rows.filter(user=user)
    if thing := request.GET.get("thing", "")[:60]:
        rows = rows.filter(model=thing)
    if row := _number(request, "row"):
        rows = rows.filter(row=str(row))
    try:
        begins, ends = day_bounds(date.fromisoformat(request.GET.get("day", "")), zone(zone_name))
        return rows.filter(during(Span(begins, ends)))
    except (ValueError, OverflowError):
        return rows
