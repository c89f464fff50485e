"""The pages of whoever pays for somebody else's flat, without a login: the form, and what became of the payment.

They say no more of the flat than the name that its tenant gave the link, the landlord, the currency and the ways to pay. No other
site is told their addresses, and no search engine keeps them. (With "no-referrer" browsers would not tell us either where
a form comes from, and it would be refused. So other sites are told nothing, as on all pages, and links away carry `noreferrer`.)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ...accounts.throttles import failed, give_back, take, waits
from ...core.addresses import asker, asker_counted
from ...core.amounts import typed_money
from ...core.sealing import SealError
from ...core.time import now
from ...payments.errors import PaymentError
from ...payments.gifts import RELATED, gift_link_of, is_open, is_over, token_of, typed_name
from ...payments.giving import NewGift, asked_before
from ...payments.giving import give as ask_for
from ...payments.matching import reference
from ...payments.models import GiftLink, Payment
from ...payments.polling import look_if_due
from ...payments.providers.interface import ProviderError
from ...payments.ways import way_named, ways_in_browser
from ...vending.paid_amounts import new_credit_id
from ...vending.refusals import TopUpError
from ...web.kept import refuse
from ...web.live import Watched, live_page
from ...web.pay_figures import offered_amounts
from ...web.pay_page import pay_context
from ...web.payer_trip import ask_who_pays, back_from_provider, payer_of

AGAIN = 5
"""Seconds after which the page of a payment looks whether it is paid. It has no stream: a ticket for one would tell more."""
SELDOM = 5 * 60
"""The same once it is paid, or can't be any more."""
FIELDS = ("amount", "way", "asked", "giver")
View = Callable[..., HttpResponse]


def _unlisted(view: View) -> View:
    """Keep search engines away from a page."""

    @never_cache
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return answer

    return shown


def _open_link(request: HttpRequest, token: str) -> GiftLink | None:
    """Return the link with a token that can be paid by; None if there is none. Who guesses is counted."""
    link = gift_link_of(token)
    if link is None and not waits("gift link", asker_counted(request)):
        failed("gift link", asker_counted(request))
    return link if link is not None and is_open(link) else None


def _no_link(request: HttpRequest) -> HttpResponse:
    """Say that a link is not valid: the same of one that never was, of one that was ended, and of one whose tenant has moved."""
    seconds = waits("gift link", asker_counted(request))
    return render(request, "tenant/giving/no_link.html", status=429 if seconds else 404)


@_unlisted
@require_GET
def give(request: HttpRequest, token: str) -> HttpResponse:
    """Show whoever has a link how to pay for its flat."""
    link = _open_link(request, token)
    if link is None:
        return _no_link(request)
    property_ = link.tenancy.unit.property
    organisation = property_.organisation
    context = {
        "link": link,
        "token": token,
        "landlord": organisation,
        "currency": property_.currency,
        "ways": ways_in_browser(link.tenancy, request.headers.get("User-Agent", "")),
        "amounts": offered_amounts(property_.currency),
        "asked": new_credit_id(),
        "account": [line.strip() for line in organisation.bank_account.splitlines() if line.strip()],
        "reference": reference(link.tenancy),
    }
    return render(request, "tenant/giving/give.html", context)


@_unlisted
@require_POST
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """Ask a provider for a payment by a link. Sent twice, it is one payment."""
    link = _open_link(request, token)
    if link is None:
        return _no_link(request)
    try:
        return _pay(request, link)
    except (PaymentError, TopUpError, ProviderError, SealError, ValidationError) as error:
        refuse(request, error, labels={"giver": _("Your name")})
        return redirect("tenant:giving:give", token=token)


def _pay(request: HttpRequest, link: GiftLink) -> HttpResponse:
    given = request.POST
    way = way_named(link.tenancy, given.get("way", ""))
    if way is None:
        raise ValidationError({"way": _("Choose how to pay.")})
    amount = typed_money(given.get("amount", ""), "amount", link.tenancy.unit.property.currency)
    giver = typed_name(given.get("giver", ""), "giver")
    payer = _payer(request, way.merchant) if way.method.needs_payer else ""
    if way.method.needs_payer and not payer:
        back = reverse("tenant:giving:payer", args=[way.merchant.pk])
        return ask_who_pays(request, way, back, FIELDS, link=str(link.pk))
    gift = NewGift(way, amount, given.get("asked", ""), giver, payer, asker(request))
    known = asked_before(link, gift.asked)
    # Each question to the provider counts, also one again that it has not answered.
    is_begun = known is not None and bool(known.link or known.params)
    wait, marks = (0.0, []) if is_begun else take("gift", link.hash, asker_counted(request))
    if wait:
        raise ValidationError(
            _("Too many payments were begun here. Wait %(seconds)d seconds, then try again.") % {"seconds": wait + 1}
        )
    try:
        payment = ask_for(link, gift)
    except (TopUpError, ValidationError):
        # Nobody was asked anything.
        give_back(marks)
        raise
    return redirect("tenant:giving:payment", payment_id=payment.payment_id)


def _payer(request: HttpRequest, merchant: Any) -> str:
    try:
        return payer_of(request, merchant)
    except (ProviderError, SealError):
        raise PaymentError(_("Nothing was paid. Start the payment again here.")) from None


@_unlisted
@require_GET
def payer(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer the payment again to a payer who comes back from the provider, where it became known who pays."""
    wanted = back_from_provider(request, pk)
    if wanted is None or "link" not in wanted:
        messages.error(request, _("Nothing was paid. Open the link again, and start the payment there."))
        return render(request, "tenant/giving/no_link.html", {"lost": True}, status=400)
    link = GiftLink.objects.select_related(*RELATED).filter(pk=int(wanted.pop("link"))).first()
    if link is None or not is_open(link):
        return _no_link(request)
    way = way_named(link.tenancy, wanted["way"])
    context = {
        "wanted": wanted,
        "method": way.method if way else None,
        "to": reverse("tenant:giving:pay", args=[token_of(link)]),
        "link": link,
    }
    return render(request, "tenant/giving/pay_again.html", context)


@_unlisted
@require_GET
def payment(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Show how to make a payment by a link, and then that it is paid. Its address has 122 random bits."""
    related = ("merchant", "gift__link", "tenancy__unit__property__organisation")
    rows = Payment.objects.select_related(*related).filter(gift__isnull=False)
    payment_ = rows.filter(payment_id=payment_id).first()
    if payment_ is None:
        raise Http404
    if payment_.state == Payment.State.OPEN and look_if_due(payment_):
        # The payer is back from the provider, perhaps before its callback.
        payment_ = rows.get(pk=payment_.pk)
    at, property_ = now(), payment_.tenancy.unit.property
    is_waiting = payment_.state == Payment.State.OPEN and at <= payment_.expires_at
    is_gone = is_over(payment_.tenancy, at)
    context = {
        "payment": payment_,
        "flat_name": payment_.gift.link.flat_name,
        "landlord": property_.organisation,
        "zone_info": zone(property_.zone),
        "open": is_waiting and not is_gone,
        "refused": is_waiting and is_gone,
        "thanks": payment_.state in (Payment.State.PAID, Payment.State.DEBT),
        "shade": "ok" if payment_.state in (Payment.State.PAID, Payment.State.DEBT) else "unknown",
        **pay_context(payment_),
    }
    return live_page(
        request,
        "tenant/giving/payment.html",
        "tenant/giving/_payment.html",
        context,
        Watched(None, AGAIN if is_waiting else SELDOM),
    )
