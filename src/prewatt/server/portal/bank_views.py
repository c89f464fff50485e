"""Pages of bank statements: uploaded, looked through, booked line by line."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ..payments.bank import LARGEST_FILE, BankError, book_line, book_payout, set_aside, suggestion, upload
from ..payments.models import BankLine, Merchant
from .access import organisations
from .payments_views import tenancies_of
from .supply_views import owner_of

SHOWN = 200


@login_required
@require_http_methods(["GET", "POST"])
def bank(request: HttpRequest) -> HttpResponse:
    """What of the uploaded statements is still to be booked, each with whom it seems to be for."""
    owner = owner_of(request)
    if request.method == "POST":
        file = request.FILES.get("statement")
        try:
            if file is None or (file.size or 0) > LARGEST_FILE:
                raise BankError(_("Choose a CSV file of at most 5 MB."))
            made = upload(owner, file.read(), owner.home().currency, request.user)
        except BankError as error:
            messages.error(request, str(error))
        else:
            said = _("%(new)d new, %(known)d known already, %(out)d not money in. Nothing is booked yet.")
            messages.success(request, said % {"new": len(made.new), "known": made.known, "out": made.out})
        return redirect("bank")
    tenancies = tenancies_of(owner)
    lines = owner.bank_lines.filter(state=BankLine.State.OPEN)
    context = {
        "owner": owner,
        "lines": [(line, suggestion(line, tenancies)) for line in lines[:SHOWN]],
        "count": lines.count(),
        "done": owner.bank_lines.exclude(state=BankLine.State.OPEN)
        .select_related("top_up__tenancy__unit__property", "merchant", "by")
        .order_by("-day", "-pk")[:20],
        "tenancies": tenancies,
        "merchants": Merchant.objects.filter(organisation=owner),
    }
    return render(request, "portal/bank.html", context)


@login_required
@require_POST
def book(request: HttpRequest) -> HttpResponse:
    """Book the lines that a person has chosen for: each for its tenant, as a payout, or set aside. One that can't be booked
    is named, the others are.
    """
    owner = owner_of(request)
    tenancies = {str(each.pk): each for each in tenancies_of(owner)}
    booked = 0
    for name in request.POST:
        pk = name.removeprefix("line-")
        choice = request.POST.get(name, "")
        if not name.startswith("line-") or not pk.isdecimal() or len(pk) > 18 or not choice:
            continue
        line = get_object_or_404(BankLine, pk=int(pk), organisation__in=organisations(request))
        what, _colon, which = choice.partition(":")
        try:
            if what == "tenancy" and which in tenancies:
                book_line(line, tenancies[which], request.user)
            elif what == "payout" and which.isdecimal():
                book_payout(line, get_object_or_404(Merchant, pk=int(which), organisation=owner), request.user)
            elif what == "aside":
                set_aside(line, request.user)
            else:
                raise BankError(_("Choose whom it is for."))
            booked += 1
        except BankError as error:
            messages.error(request, f"{line}: {error}")
    if booked:
        messages.success(
            request, ngettext("%(n)d line is dealt with.", "%(n)d lines are dealt with.", booked) % {"n": booked}
        )
    return redirect("bank")
