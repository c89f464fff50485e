"""Pages of paying by phone: the tenant asks for a payment, and sees it through to the meter."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ...kernel.calendar import zone
from ..addresses import asker, public
from ..amounts import typed_money
from ..estate.models import Tenancy
from ..payments.merchants import provider_of
from ..payments.models import Merchant, Payment
from ..payments.paying import PaymentError, look, merchants_for, start
from ..payments.providers import PROVIDERS
from ..payments.providers.interface import ProviderError
from ..sealing import SealError
from ..time import now
from ..vending.top_ups import TopUpError, check_amount
from .access import tenancy_to_see
from .kept import refuse
from .live import live_page
from .sure import SURE, ask_about

PAYER = "payer at %s"
"""Where a session keeps who pays, by merchant account."""


def lives_now(request: HttpRequest) -> Tenancy:
    """The tenancy that this user has now. Http404 if there is none."""
    user: Any = request.user
    at = now()
    for each in user.tenancies.select_related("unit__property__organisation").order_by("-begins"):
        if each.begins <= at and (each.ends is None or each.ends > at):
            found: Tenancy = each
            return found
    raise Http404


def ways(tenancy: Tenancy, agent: str) -> list[tuple[str, str]]:
    """(value, what it is called) of each way to pay that this browser can take: inside WeChat, on a phone, or elsewhere."""
    inside, phone = "MicroMessenger" in agent, "Mobile" in agent
    fit = {
        "jsapi": inside,
        "h5": phone and not inside,
        "native": not phone,
        "wap": phone and not inside,
        "page": not phone,
    }
    return [
        (f"{merchant.pk}:{method}", str(title))
        for merchant in merchants_for(tenancy)
        for method, title in PROVIDERS[merchant.provider].methods.items()
        if fit.get(method, True)
    ]


@login_required
@require_POST
def pay(request: HttpRequest) -> HttpResponse:
    """Ask for a payment. Sent twice it is one."""
    tenancy, given = lives_now(request), request.POST
    pk, _colon, method = given.get("way", "").partition(":")
    merchant = next((each for each in merchants_for(tenancy) if str(each.pk) == pk), None)
    try:
        if merchant is None:
            raise ValidationError({"way": _("Choose how to pay.")})
        amount = typed_money(given.get("amount", ""), "amount", tenancy.unit.property.currency)
        check_amount(amount, tenancy.unit.property.currency)
        asked = ask_about(request, tenancy.unit, tenancy.tenant, amount, _("Top up"), reverse("tenancy"))
        if asked is not None:
            return asked
        payer = request.session.get(PAYER % pk, "")
        if method == "jsapi" and not payer:
            return _ask_who_pays(request, merchant)
        made = start(
            tenancy,
            merchant,
            method,
            amount,
            given.get("asked", ""),
            by=request.user,
            payer=payer,
            payer_address=asker(request),
        )
    except (PaymentError, TopUpError, ProviderError, SealError, ValidationError) as error:
        refuse(request, error)
        return redirect("tenancy")
    return redirect("payment", payment_id=made.payment_id)


def _ask_who_pays(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    wanted = {name: request.POST.get(name, "") for name in ("amount", "way", "asked", SURE)}
    back = f"{public(reverse('payer', args=[merchant.pk]))}?{urlencode(wanted)}"
    link = provider_of(merchant).payer_link(back)
    if not link:
        raise PaymentError(_("WeChat has to say who pays."))
    return redirect(link)


@login_required
@require_GET
def payer(request: HttpRequest, pk: int) -> HttpResponse:
    """Back from WeChat with who pays: the page asks once more, now knowing it."""
    merchant = next((each for each in merchants_for(lives_now(request)) if each.pk == pk), None)
    if merchant is None:
        raise Http404
    try:
        request.session[PAYER % pk] = provider_of(merchant).payer(request.GET.get("code", ""))
    except (ProviderError, SealError) as error:
        messages.error(request, str(error))
        return redirect("tenancy")
    wanted = {name: request.GET.get(name, "") for name in ("amount", "way", "asked", SURE)}
    return render(request, "portal/pay_again.html", {"wanted": wanted})


@login_required
@require_GET
def payment(request: HttpRequest, payment_id: str) -> HttpResponse:
    """A payment: how to make it, and how far it has come."""
    found = (
        Payment.objects.select_related("merchant__organisation", "tenancy__unit__property", "top_up__command__code")
        .filter(payment_id=payment_id)
        .first()
    )
    if found is None:
        raise Http404
    tenancy, manager = tenancy_to_see(request, found.tenancy_id)
    if found.state == Payment.State.OPEN and not request.htmx:  # type: ignore[attr-defined]
        # The payer is back from the provider, perhaps before its callback.
        try:
            found = look(found)
        except (ProviderError, SealError) as error:
            messages.warning(request, str(error))
    command = found.top_up.command if found.top_up else None
    scan = found.method == "native" and found.link
    context = {
        "payment": found,
        "manager": manager,
        "tenancy": tenancy,
        "where": zone(tenancy.unit.property.zone),
        "open": found.state == Payment.State.OPEN and now() <= found.expires,
        "command": command,
        "code": getattr(command, "code", None) if command is not None and command.reached_at is None else None,
        "online": getattr(tenancy.unit, "meter", None) is not None and tenancy.unit.meter.gateway.online,
        "qr": segno.make(found.link).svg_inline(scale=6, border=2) if scan else "",
        "title": PROVIDERS[found.merchant.provider].title,
    }
    return live_page(request, "portal/payment.html", "portal/_payment.html", context)
