"""Pages of paying after use: the terms of a tenancy, bills, and what is open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from ....kernel.calendar import zone
from ...core.amounts import typed_money, typed_whole
from ...core.plain_numbers import in_field
from ...core.time import now
from ...estate.models import Organisation, Property
from ...estate.terms import Lowering, Terms
from ...estate.terms_in_force import terms_of
from ...estate.wall_clock import wall_clock
from ...statements.bills import Standing, open_bills
from ...statements.terms import TermsError, TermsRequest, agree, in_words, preview
from ...web.access import landlords, properties, tenancy_of_manager
from ...web.after_use import after_use
from ...web.forms import one_of
from ...web.kept import keep, refuse
from ...web.paging import list_page
from ...web.sums import total

LABELS = {
    "limit": gettext_lazy("May owe at most"),
    "due_days": gettext_lazy("Days until a bill is due"),
    "overdue": gettext_lazy("When a bill is overdue"),
    "overdue_days": gettext_lazy("Days after the due day"),
    "owed": gettext_lazy("What happens to the amount owed"),
    "begins": gettext_lazy("From"),
    "way": gettext_lazy("Pays"),
}


def _wanted(request: HttpRequest, property_: Property) -> TermsRequest:
    """Return the terms that were typed. Raises ValidationError, which names the field."""
    given, currency = request.POST, property_.currency
    begins = wall_clock(given["begins"], property_, "begins") if given.get("begins", "").strip() else None
    if one_of(given, "way", ("after", "before")) == "before":
        return TermsRequest(False, owed=one_of(given, "owed", Terms.Owed.values, Terms.Owed.DEBT), begins=begins)
    return TermsRequest(
        True,
        limit=typed_money(given.get("limit") or "0", "limit", currency),
        limit_cuts=one_of(given, "limit_cuts", ("", "on")) == "on",
        due_days=typed_whole(given.get("due_days", ""), "due_days", 1, 90),
        overdue=one_of(given, "overdue", Terms.Overdue.values, Terms.Overdue.REMIND),
        overdue_days=typed_whole(given.get("overdue_days", ""), "overdue_days", 3, 180),
        begins=begins,
    )


@login_required
@require_http_methods(["GET", "POST"])
def terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a tenancy pays, now and before, and take other terms. What they would do is shown before they are
    stored.
    """
    tenancy = tenancy_of_manager(request, pk)
    property_, says = tenancy.unit.property, []
    if request.method == "POST":
        try:
            do = one_of(request.POST, "do", ("preview", "keep"), "preview")
            wanted = _wanted(request, property_)
            if do == "keep":
                agreed = agree(tenancy, wanted, request.user)
                messages.success(request, _said(agreed))
                return redirect("console:bills:terms", pk=pk)
            says = preview(tenancy, wanted)
            keep(request)
        except (TermsError, ValidationError) as error:
            refuse(request, error, labels=LABELS)
            return redirect("console:bills:terms", pk=pk)
    holds = terms_of(tenancy.pk)
    context = {
        "tenancy": tenancy,
        "unit": tenancy.unit,
        "zone_info": zone(property_.zone),
        "currency": property_.currency,
        "after": after_use(tenancy),
        "now_in_words": in_words(holds, property_.currency),
        "says": says,
        "rows": [(each, in_words(each, property_.currency)) for each in tenancy.terms.order_by("-made_at", "-pk")],
        "lowerings": Lowering.objects.filter(terms__tenancy=tenancy).order_by("-at"),
        "start": _start(holds),
        "overdue": Terms.Overdue.choices,
        "owed": Terms.Owed.choices,
    }
    return render(request, "console/bills/terms.html", context)


def _start(holds: Terms | None) -> dict[str, Any]:
    """Return what the form shows at first: the present terms, or the usual ones."""
    shown = holds if holds is not None and holds.is_postpaid else Terms(is_postpaid=True, limit=0, limit_cuts=True)
    return {
        "way": "before" if holds is not None and holds.is_postpaid else "after",
        "limit": in_field(Decimal(shown.limit).scaleb(-9)) if shown.limit else "",
        "limit_cuts": "on" if shown.limit_cuts else "",
        "due_days": shown.due_days,
        "overdue": shown.overdue,
        "overdue_days": shown.overdue_days,
    }


def _said(terms_: Terms) -> str:
    if terms_.ended_at is not None:
        return _("The planned change is cancelled.")
    if terms_.applied_at is not None:
        return _("The change takes effect now. It is being sent to the meter.")
    if terms_.begins > now():
        return _("The change is saved, and takes effect at that time.")
    return _("The change is saved, and takes effect as soon as the building is online.")


@login_required
@require_GET
def bills(request: HttpRequest) -> HttpResponse:
    """Show the open bills of each landlord that this login manages, overdue ones first."""
    here = properties(request)
    context = {"owners": [_bills_of(request, each, here) for each in landlords(request)]}
    return render(request, "console/bills/bills.html", context)


def _currency(standing: Standing) -> str:
    return str(standing.bill.tenancy.unit.property.currency)


def _bills_of(request: HttpRequest, owner: Organisation, here: QuerySet[Property]) -> dict[str, Any]:
    """Return the open bills of a landlord, of the properties that the login may see."""
    keys = set(here.values_list("pk", flat=True))
    bills_ = [each for each in open_bills(owner) if each.bill.tenancy.unit.property_id in keys]
    zone_ = ZoneInfo(owner.home().zone)
    return {
        "owner": owner,
        "zone_info": zone_,
        "page": list_page(request, bills_, f"page-{owner.pk}"),
        "field": f"page-{owner.pk}",
        "open": total((each.left, _currency(each)) for each in bills_),
        "overdue": total((each.left if each.state == "overdue" else 0, _currency(each)) for each in bills_),
        "cut": Lowering.objects.filter(
            terms__tenancy__unit__property__in=here.filter(organisation=owner), ended_at__isnull=True
        ).select_related("terms__tenancy__unit__property"),
    }
