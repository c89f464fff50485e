"""Pages of a manager's payments: what waits for a person, merchant accounts, and the reconciliation."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ...kernel.calendar import zone
from ...kernel.names import natural
from ..addresses import public
from ..billing.debts import in_words as paid_in_words
from ..billing.debts import open_debts
from ..billing.models import DebtPayment
from ..estate.models import Organisation, Tenancy
from ..payments.errors import PaymentError
from ..payments.findings import ACT, MATCHED
from ..payments.merchants import keep_merchant
from ..payments.models import Merchant, Payment, Unexpected
from ..payments.paying import credit_held
from ..payments.polling import look
from ..payments.providers import PROVIDERS
from ..payments.providers.interface import ProviderError
from ..payments.reconciliation import ReconciliationError, recent_days, reconcile
from ..payments.refunds import send_back, send_held_back
from ..payments.settlement import fetch, whole_from
from ..sealing import SealError
from ..time import now
from ..wall_clock import typed_day
from .access import organisations, refund_of_manager
from .forms import key
from .kept import say
from .supply_views import owner_of
from .taken_back_views import rows_of, unexplained

SHOWN = 60
"""Payments that the page shows."""
REFUSALS = (PaymentError, ProviderError, SealError, ValidationError)


def tenancies_of(owner: Organisation) -> list[Tenancy]:
    """Whom money can be credited to: those who live there, and those who have moved out and owe."""
    rows = Tenancy.objects.filter(unit__property__organisation=owner).select_related("unit__property__organisation")
    owing = set(open_debts(owner).values_list("tenancy", flat=True))
    found = [each for each in rows if each.ends is None or each.ends > now() or each.pk in owing]
    return sorted(found, key=lambda each: (natural(each.unit.property.name), natural(each.unit.name), each.begins))


@login_required
@require_GET
def payments(request: HttpRequest) -> HttpResponse:
    """An organisation's payments: first what waits for a person."""
    owner = owner_of(request)
    rows = Payment.objects.filter(merchant__organisation=owner).select_related(
        "merchant", "tenancy__unit__property", "top_up__command"
    )
    waits, done = rows_of(owner)
    context = {
        "owner": owner,
        "where": zone(owner.home().zone),
        "waits": waits,
        "taken_back": done,
        "unexplained": unexplained(owner),
        "held": rows.filter(state=Payment.State.HELD),
        "unexpected": Unexpected.objects.filter(merchant__organisation=owner, settled=False).select_related("merchant"),
        "payments": rows[:SHOWN],
        "tenancies": tenancies_of(owner),
        "merchants": [
            (
                each,
                PROVIDERS[each.provider].title,
                public(reverse("pay-callback", args=[each.provider, each.public_id])),
            )
            for each in Merchant.objects.filter(organisation=owner)
            if each.provider in PROVIDERS
        ],
        "providers": [(name, kind.title) for name, kind in PROVIDERS.items()],
    }
    return render(request, "portal/payments.html", context)


def _payment(request: HttpRequest, payment_id: str) -> Payment:
    found: Payment = get_object_or_404(
        Payment.objects.select_related("merchant__organisation", "tenancy__unit__property"),
        payment_id=payment_id,
        merchant__organisation__in=organisations(request),
    )
    return found


@login_required
@require_POST
def decide(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Held money is credited to a tenancy or sent back; an open payment is asked for now."""
    payment, wanted = _payment(request, payment_id), request.POST.get("do")
    try:
        if wanted == "credit":
            mine = tenancies_of(payment.merchant.organisation)
            tenancy = next((each for each in mine if str(each.pk) == request.POST.get("tenancy")), None)
            if tenancy is None:
                raise PaymentError(_("Choose a tenant."))
            made = credit_held(payment, tenancy, request.user)
            said = _("It is on its way to the meter.")
            messages.success(request, paid_in_words(made) if isinstance(made, DebtPayment) else said)
        elif wanted == "back":
            send_held_back(payment, request.user)
            messages.success(request, _("The provider sends it back."))
        elif wanted == "look":
            messages.success(request, look(payment).get_state_display())
        else:
            raise ValidationError({"do": _("There is no such choice.")})
    except REFUSALS as error:
        say(request, error)
    return redirect("payments")


@login_required
@require_POST
def settle_unexpected(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has seen to money that nothing here asked for."""
    found = get_object_or_404(Unexpected, pk=pk, merchant__organisation__in=organisations(request))
    found.settled = True
    found.save(update_fields=["settled"])
    return redirect("payments")


@login_required
@require_POST
def refund_by_provider(request: HttpRequest, pk: int) -> HttpResponse:
    """A refund goes back the way the money came."""
    made = refund_of_manager(request, pk)
    try:
        send_back(made, request.user)
        messages.success(request, _("The provider sends it back."))
    except REFUSALS as error:
        say(request, error)
    return redirect("books")


# -- merchant accounts --------------------------------------------------------------------------------------------------


def _merchant_form(request: HttpRequest, owner: Organisation, provider: str, merchant: Merchant | None) -> HttpResponse:
    kind = PROVIDERS.get(provider)
    if kind is None:
        raise Http404
    given: Any = request.POST
    error: ValidationError | None = None
    if request.method == "POST":
        try:
            made = keep_merchant(owner, provider, given.get("name", ""), given, merchant)
            made.enabled = merchant is None or "enabled" in given
            made.save(update_fields=["enabled"])
        except ValidationError as refused:
            error = refused
        except SealError as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The merchant account is kept. Its secrets are not shown again."))
            return redirect("payments")
    wrong = error.message_dict if error and hasattr(error, "error_dict") else {}
    context = {
        "owner": owner,
        "title": kind.title,
        "merchant": merchant,
        "name": given.get("name", merchant.name if merchant else kind.title),
        # What was typed stays, but for secrets.
        "fields": [
            (
                each,
                "" if each.secret else given.get(each.name, merchant.settings.get(each.name, "") if merchant else ""),
                wrong.get(each.name, []),
            )
            for each in kind.fields
        ],
        "errors": wrong.get("name", []) + wrong.get("__all__", []) if wrong else (error.messages if error else []),
    }
    return render(request, "portal/merchant.html", context, status=400 if error else 200)


@login_required
@require_http_methods(["GET", "POST"])
def new_merchant(request: HttpRequest, provider: str) -> HttpResponse:
    """Make a merchant account."""
    return _merchant_form(request, owner_of(request), provider, None)


@login_required
@require_http_methods(["GET", "POST"])
def merchant(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a merchant account; a secret that is left empty stays."""
    found = get_object_or_404(
        Merchant.objects.select_related("organisation"), pk=pk, organisation__in=organisations(request)
    )
    return _merchant_form(request, found.organisation, found.provider, found)


# -- reconciliation -----------------------------------------------------------------------------------------------------


@login_required
@require_GET
def reconciliation(request: HttpRequest) -> HttpResponse:
    """The settlement files, the ledger and the meters' journals, day by day."""
    owner = owner_of(request)
    first, last = recent_days(owner)
    try:
        first = typed_day(request.GET.get("first") or str(first), "first")
        last = typed_day(request.GET.get("last") or str(last), "last")
        found = reconcile(owner, first, last)
    except (ReconciliationError, ValidationError) as error:
        say(request, error)
        found = []
    days = [(day, list(rows)) for day, rows in groupby(found, key=lambda each: each.day)]
    context = {
        "owner": owner,
        "first": first,
        "last": last,
        "days": [
            (day, [each for each in rows if each.grade != MATCHED], [each for each in rows if each.grade == MATCHED])
            for day, rows in reversed(days)
        ],
        "to_do": sum(each.grade == ACT for each in found),
        "matched": sum(each.grade == MATCHED for each in found),
        "count": len(found),
        "merchants": Merchant.objects.filter(organisation=owner),
    }
    return render(request, "portal/reconciliation.html", context)


@login_required
@require_POST
def fetch_file(request: HttpRequest) -> HttpResponse:
    """Fetch a day's settlement file now."""
    found = get_object_or_404(
        Merchant.objects.select_related("organisation"),
        pk=key(request.POST.get("merchant", "")),
        organisation__in=organisations(request),
    )
    try:
        file = fetch(found, typed_day(request.POST.get("day", ""), "day"))
        messages.success(request, _("Fetched: %(count)d lines.") % {"count": file.lines.count()})
        if file.fetched < whole_from(found, file.day):
            messages.success(request, _("The day's file is not whole yet: it is fetched again by itself."))
    except (ProviderError, SealError, ValidationError) as error:
        say(request, error)
    return redirect("reconciliation")
