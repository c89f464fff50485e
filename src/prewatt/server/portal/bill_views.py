"""Pages of paying after use: a unit's terms, bills, and what is open of them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from ...kernel.calendar import zone
from ...tables.export import as_file
from ..amounts import plain, typed_money, typed_whole
from ..billing import bill_formats
from ..billing.bills import Standing, open_bills, standing_of
from ..billing.models import Bill
from ..billing.pdf import PdfError, to_pdf
from ..billing.statement import statement
from ..billing.terms import TermsError, Wanted, agree, in_words, preview
from ..estate.models import Organisation, Property
from ..estate.terms import Lowering, Terms, terms_of
from ..time import now
from ..wall_clock import wall_clock
from .access import organisations, tenancy_of_manager
from .after_use import after_use
from .forms import one_of
from .kept import keep, refuse, say
from .sums import total

LABELS = {
    "limit": gettext_lazy("At most owed"),
    "due_days": gettext_lazy("Due after, days"),
    "overdue": gettext_lazy("When overdue"),
    "overdue_days": gettext_lazy("That follows after, days"),
    "owed": gettext_lazy("What is owed then"),
    "begins": gettext_lazy("From"),
    "way": gettext_lazy("Pays"),
}


def _wanted(request: HttpRequest, where: Property) -> Wanted:
    """What was typed. ValidationError names the field."""
    given, currency = request.POST, where.currency
    begins = wall_clock(given["begins"], where, "begins") if given.get("begins", "").strip() else None
    if one_of(given, "way", ("after", "before")) == "before":
        return Wanted(False, owed=one_of(given, "owed", Terms.Owed.values, Terms.Owed.DEBT), begins=begins)
    return Wanted(
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
    """How a tenancy pays: what holds, what held, and other terms, looked at before they are kept."""
    tenancy = tenancy_of_manager(request, pk)
    where, says = tenancy.unit.property, []
    if request.method == "POST":
        try:
            do = one_of(request.POST, "do", ("preview", "keep"), "preview")
            wanted = _wanted(request, where)
            if do == "keep":
                made = agree(tenancy, wanted, request.user)
                messages.success(request, _said(made))
                return redirect("terms", pk=pk)
            says = preview(tenancy, wanted)
            keep(request)
        except (TermsError, ValidationError) as error:
            refuse(request, error, labels=LABELS)
            return redirect("terms", pk=pk)
    holds = terms_of(tenancy.pk)
    context = {
        "tenancy": tenancy,
        "unit": tenancy.unit,
        "where": zone(where.zone),
        "currency": where.currency,
        "after": after_use(tenancy),
        "now_in_words": in_words(holds, where.currency),
        "says": says,
        "rows": [(each, in_words(each, where.currency)) for each in tenancy.terms.order_by("-made", "-pk")],
        "lowerings": Lowering.objects.filter(terms__tenancy=tenancy).order_by("-at"),
        "start": _start(holds),
        "overdue": Terms.Overdue.choices,
        "owed": Terms.Owed.choices,
    }
    return render(request, "portal/terms.html", context)


def _start(holds: Terms | None) -> dict[str, Any]:
    """What the form shows at first: what holds, or what is usual."""
    shown = holds if holds is not None and holds.postpaid else Terms(postpaid=True, limit=0, limit_cuts=True)
    return {
        "way": "before" if holds is not None and holds.postpaid else "after",
        "limit": plain(Decimal(shown.limit).scaleb(-9)) if shown.limit else "",
        "limit_cuts": "on" if shown.limit_cuts else "",
        "due_days": shown.due_days,
        "overdue": shown.overdue,
        "overdue_days": shown.overdue_days,
    }


def _said(made: Terms) -> str:
    if made.ended is not None:
        return _("What was to come does not come.")
    if made.applied is not None:
        return _("It holds from now on, and is on its way to the meter.")
    if made.begins > now():
        return _("It is kept, and holds from then on.")
    return _("It is kept, and holds as soon as the building is heard of.")


def bill_to_see(request: HttpRequest, pk: int) -> tuple[Bill, bool]:
    """A bill, and whether its manager asks. Http404 for who is neither that nor the tenant."""
    found: Bill = get_object_or_404(Bill.objects.select_related("tenancy__unit__property__organisation"), pk=pk)
    manager = any(each.pk == found.organisation_id for each in organisations(request))
    user: Any = request.user
    if not manager and found.tenancy.user_id != user.pk:
        raise Http404
    return found, manager


@login_required
@require_GET
def bill(request: HttpRequest, pk: int) -> HttpResponse:
    """A bill, on the page, as PDF, CSV or JSON."""
    found, manager = bill_to_see(request, pk)
    try:
        form = one_of(request.GET, "format", ("", "csv", "json", "pdf"))
    except ValidationError as error:
        say(request, error)
        return redirect("bill", pk=pk)
    made, stands = statement(found.tenancy, found.begins, found.ends), standing_of(found)
    name = f"bill-{found.number}"
    if form == "json":
        text = json.dumps(bill_formats.to_document(stands), indent=1, ensure_ascii=False)
        return HttpResponse(text, content_type="application/json")
    if form == "csv":
        return _file(as_file(bill_formats.to_csv(stands, made)), "text/csv; charset=utf-8", f"{name}.csv")
    context = {"made": made, "stands": stands, "bill": found, "manager": manager, "unit": found.tenancy.unit}
    if form == "pdf":
        try:
            return _file(to_pdf(made, stands), "application/pdf", f"{name}.pdf")
        except PdfError as error:
            messages.error(request, str(error))
            return redirect("bill", pk=pk)
    return render(request, "portal/bill.html", context)


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@login_required
@require_GET
def bills(request: HttpRequest) -> HttpResponse:
    """What is open of bills, overdue first, of each landlord that this login manages."""
    mine = organisations(request)
    if not mine:
        raise Http404
    context = {"owners": [_bills_of(each) for each in mine]}
    return render(request, "portal/bills.html", context)


def _currency(stands: Standing) -> str:
    return str(stands.bill.tenancy.unit.property.currency)


def _bills_of(owner: Organisation) -> dict[str, Any]:
    found, where = open_bills(owner), ZoneInfo(owner.home().zone)
    return {
        "owner": owner,
        "where": where,
        "bills": found,
        "open": total((each.left, _currency(each)) for each in found),
        "overdue": total((each.left if each.state == "overdue" else 0, _currency(each)) for each in found),
        "cut": Lowering.objects.filter(
            terms__tenancy__unit__property__organisation=owner, ended__isnull=True
        ).select_related("terms__tenancy__unit__property"),
    }
