"""The page of automatic top-ups: what is agreed to, what was paid by it, and its end by one tap."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ...automatic.agreeing import USUAL_DAYS, ask, check, chosen, current, look, look_if_due, merchants_that_save
from ...automatic.agreeing import end as end_rule
from ...automatic.agreeing import resume as resume_rule
from ...automatic.models import AutomaticPayment, AutomaticTopUp
from ...automatic.rule import Terms
from ...core.amounts import typed_money
from ...core.sealing import SealError
from ...estate.models import Tenancy
from ...payments.models import Merchant
from ...payments.providers import PROVIDERS
from ...payments.providers.interface import ProviderError
from ...payments.providers.methods import browsers_of
from ...web.access import lives_now
from ...web.kept import refuse, say
from ...web.payers import shown_name

SHOWN = 12
"""The payments that the page shows."""


def _page(flat: Tenancy) -> str:
    return reverse("tenant:automatic:automatic", args=[flat.pk])


@login_required
@require_GET
def automatic(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Show what is agreed to, or the form to agree."""
    flat = lives_now(request, tenancy)
    rule, merchants = current(flat), merchants_that_save(flat)
    if rule is not None:
        look_if_due(rule)
        rule = current(flat)
    if rule is None and not merchants:
        raise Http404
    payments = AutomaticPayment.objects.filter(rule__tenancy=flat).select_related("payment")
    context = {
        "tenancy": flat,
        "unit": flat.unit,
        "zone_info": zone(flat.unit.property.zone),
        "currency": flat.unit.property.currency,
        "rule": rule,
        **(_agreed(rule, request) if rule is not None else _nothing_agreed(merchants[0])),
        "ways": [(each.pk, _title(each)) for each in merchants],
        "providers": " / ".join(dict.fromkeys(_title(each) for each in merchants)),
        "payments": payments[:SHOWN],
        "usual": USUAL_DAYS,
    }
    return render(request, "tenant/automatic/automatic.html", context)


def _title(merchant: Merchant) -> str:
    return _(PROVIDERS[merchant.provider].title)


def _opens_here(merchant: Merchant, request: HttpRequest) -> bool:
    """Return whether a payer can agree in the browser that asks; else the page shows what they scan."""
    return bool(PROVIDERS[merchant.provider].saves_in & browsers_of(request.headers.get("User-Agent", "")))


def _agreed(rule: AutomaticTopUp, request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows of a rule."""
    return {
        "is_asked": rule.state == AutomaticTopUp.State.ASKED,
        "is_paused": rule.state == AutomaticTopUp.State.PAUSED,
        "payer": shown_name(rule.by),
        "is_own": rule.by_id == request.user.pk,
        "provider": _title(rule.merchant),
        "qr": _qr(rule, request),
    }


def _nothing_agreed(merchant: Merchant) -> dict[str, Any]:
    """Return the same where there is no rule. `merchant`: the one that is offered first."""
    nobodys = {"is_asked": False, "is_paused": False, "payer": "", "is_own": False, "qr": ""}
    return {**nobodys, "provider": _title(merchant)}


def _qr(rule: AutomaticTopUp, request: HttpRequest) -> str:
    is_shown = rule.state == AutomaticTopUp.State.ASKED and rule.link and rule.by_id == request.user.pk
    if not is_shown or _opens_here(rule.merchant, request):
        return ""
    return str(segno.make(rule.link).svg_inline(scale=4, border=2))


@login_required
@require_POST
def agree(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Lead the payer to the provider, where they agree."""
    flat = lives_now(request, tenancy)
    merchants = merchants_that_save(flat)
    if not merchants:
        raise Http404
    try:
        merchant = chosen(merchants, request.POST.get("way", ""))
        terms = _typed(request, flat)
        started = ask(flat, merchant, terms, request.user)
        return redirect(started.link if _opens_here(merchant, request) else _page(flat))
    except (ValidationError, ProviderError, SealError) as error:
        refuse(request, error)
    return redirect(_page(flat))


def _typed(request: HttpRequest, flat: Tenancy) -> Terms:
    currency, days = flat.unit.property.currency, request.POST.get("under_days", "").strip()
    terms = Terms(
        amount=typed_money(request.POST.get("amount", ""), "amount", currency),
        under_days=int(days) if days.isdecimal() and len(days) < 4 else 0,
        most_a_month=typed_money(request.POST.get("most_a_month", ""), "most_a_month", currency),
    )
    check(terms, currency)
    return terms


@login_required
@require_GET
def back(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Ask the provider what the payer has agreed to there, and show the outcome."""
    flat = lives_now(request, tenancy)
    rule = current(flat)
    if rule is not None and rule.state == AutomaticTopUp.State.ASKED:
        try:
            rule = look(rule)
        except (ProviderError, SealError) as error:
            messages.warning(request, str(error))
        else:
            if rule.state == AutomaticTopUp.State.ACTIVE:
                messages.success(request, _("The automatic top-up is on."))
            else:
                messages.warning(request, _("Nothing is agreed yet. Start again here, or go on where you were."))
    return redirect(_page(flat))


@login_required
@require_POST
def end(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """End the automatic top-up: anybody of the flat may, at once."""
    flat = lives_now(request, tenancy)
    rule = current(flat)
    if rule is not None:
        end_rule(rule)
        messages.success(request, _("The automatic top-up is ended. Nothing is paid by itself any more."))
    return redirect(_page(flat) if merchants_that_save(flat) else reverse("tenant:home:tenancy", args=[flat.pk]))


@login_required
@require_POST
def resume(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Start a paused rule again: only who pays may."""
    flat = lives_now(request, tenancy)
    rule = current(flat)
    if rule is None or rule.by_id != request.user.pk:
        raise Http404
    try:
        resume_rule(rule)
        messages.success(request, _("The automatic top-up is on."))
    except ValidationError as error:
        say(request, error)
    return redirect(_page(flat))
