"""Pages of paying by phone: the tenant asks for a payment, and follows it to the meter."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ...core.addresses import asker
from ...core.amounts import typed_money
from ...core.sealing import SealError
from ...core.time import now
from ...estate.models import Unit
from ...payments.errors import PaymentError
from ...payments.models import Payment
from ...payments.payment_request import PaymentRequest, start
from ...payments.polling import look
from ...payments.providers.interface import ProviderError
from ...payments.ways import merchants_for, way_named
from ...vending.models import Code, Command
from ...vending.paid_amounts import check_amount
from ...vending.refusals import TopUpError
from ...web.access import flats_now, lives_now, tenancy_to_see
from ...web.kept import refuse
from ...web.live import Watched, live_page
from ...web.pay_page import pay_context
from ...web.payer_trip import ask_who_pays, back_from_provider, payer_of
from ...web.sure import SURE, ask_about
from ...web.watching import PAYMENT

AGAIN = 30
"""Seconds after which the page is worked out again whatever is known to have changed."""


@login_required
@require_POST
def pay(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Ask a provider for a payment. Sent twice, it is one payment."""
    flat, given = lives_now(request, tenancy), request.POST
    home = reverse("tenant:home:tenancy", args=[flat.pk])
    way = way_named(flat, given.get("way", ""))
    try:
        if way is None:
            raise ValidationError({"way": _("Choose how to pay.")})
        amount = typed_money(given.get("amount", ""), "amount", flat.unit.property.currency)
        may_pay = partial(check_amount, amount, flat.unit.property.currency)
        may_pay()
        asked = ask_about(request, flat.unit, flat.tenant, amount, _("Top up"), home, may_pay)
        if asked is not None:
            return asked
        payer = payer_of(request, way.merchant)
        if way.method.needs_payer and not payer:
            back = reverse("tenant:pay:payer", args=[way.merchant.pk])
            return ask_who_pays(request, way, back, ("amount", "way", "asked", SURE), flat=str(flat.pk))
        payment = start(
            PaymentRequest(
                flat,
                way.merchant,
                way.name,
                amount,
                given.get("asked", ""),
                by=request.user,
                payer=payer,
                payer_address=asker(request),
            )
        )
    except (PaymentError, TopUpError, ProviderError, SealError, ValidationError) as error:
        refuse(request, error)
        return redirect(home)
    return redirect("tenant:pay:payment", payment_id=payment.payment_id)


@login_required
@require_GET
def payer(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer the payment again to a payer who comes back from the provider, where it became known who pays."""
    if not any(each.pk == pk for flat in flats_now(request) for each in merchants_for(flat)):
        raise Http404
    wanted = back_from_provider(request, pk)
    if wanted is None or "flat" not in wanted:
        messages.error(request, _("Nothing was paid. Start the payment again here."))
        return redirect("tenant:home:tenancy")
    flat = lives_now(request, int(wanted.pop("flat")))
    way = way_named(flat, wanted["way"])
    context = {"wanted": wanted, "method": way.method if way else None, "flat": flat}
    return render(request, "tenant/pay/pay_again.html", context)


def _is_online(unit: Unit) -> bool:
    meter = getattr(unit, "meter", None)
    return meter is not None and meter.gateway.is_online


@login_required
@require_GET
def payment(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Show a payment: how to make it, and how far it has come."""
    payment_ = (
        Payment.objects.select_related(
            "merchant__organisation", "tenancy__unit__property", "top_up__command__code", "top_up__entry__code"
        )
        .filter(payment_id=payment_id)
        .first()
    )
    if payment_ is None:
        raise Http404
    tenancy, manager = tenancy_to_see(request, payment_.tenancy_id)
    if payment_.state == Payment.State.OPEN and not request.htmx:  # type: ignore[attr-defined]
        # The payer is back from the provider, perhaps before its callback.
        try:
            payment_ = look(payment_)
        except (ProviderError, SealError) as error:
            messages.warning(request, str(error))
    watched = Watched((PAYMENT, (payment_.pk,)), AGAIN)
    command = payment_.top_up.command if payment_.top_up else None
    still_open = payment_.state == Payment.State.OPEN and now() <= payment_.expires_at
    context = {
        "payment": payment_,
        "manager": manager,
        "tenancy": tenancy,
        "zone_info": zone(tenancy.unit.property.zone),
        "open": still_open,
        "shade": _shade(payment_, command, still_open),
        "command": command,
        "code": _code_to_type(payment_),
        "by_code_alone": payment_.top_up is not None and command is None,
        "online": _is_online(tenancy.unit),
        **pay_context(payment_),
    }
    return live_page(request, "tenant/pay/payment.html", "tenant/pay/_payment.html", context, watched)


def _code_to_type(payment: Payment) -> Code | None:
    """Return the code that brings a payment's credit to the meter; None if it has none, or the credit is there already."""
    top_up = payment.top_up
    if top_up is None or (top_up.command is not None and top_up.command.reached_at is not None):
        return None
    return top_up.code


def _shade(payment: Payment, command: Command | None, still_open: bool) -> str:
    """The colour of the page, as a balance has it: `ok` when the credit is at the meter, `off` if it can't come."""
    if command is not None and command.reached_at is not None:
        return "ok"
    return "unknown" if payment.state == Payment.State.PAID or still_open else "off"
