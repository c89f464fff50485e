"""Automatic top-ups of one's own flat, over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from ....kernel.units import exact_instant, exact_money
from ...automatic.agreeing import (
    FEWEST_DAYS,
    MOST_DAYS,
    USUAL_DAYS,
    ask,
    check,
    chosen,
    current,
    end,
    look_if_due,
    merchants_that_save,
    resume,
)
from ...automatic.models import AutomaticPayment, AutomaticTopUp
from ...automatic.rule import Terms
from ...core.sealing import SealError
from ...estate.models import Tenancy
from ...payments.providers import PROVIDERS
from ...payments.providers.interface import ProviderError
from ...web.payers import shown_name
from ..writing import instant_text
from .own import present_tenancy, typed_amount
from .payments import wechat_user

router = Router()
SHOWN = 12
"""The most payments of an answer."""


class TermsIn(Schema):
    """`amount` and `most_a_month` as text, such as 12.50, or as a person has typed them. `under_days`: a payment is due
    when the credit lasts less than so many days. `way`: a value of `ways`; empty: the first one.
    """

    amount: str
    most_a_month: str
    under_days: int = USUAL_DAYS
    way: str = ""


def _rule(rule: AutomaticTopUp, request: HttpRequest) -> dict[str, Any]:
    is_own = rule.by_id == request.user.pk
    return {
        "state": rule.state,
        "state_in_words": str(rule.get_state_display()),
        "why": rule.reason_in_words,
        "amount": exact_money(rule.amount),
        "under_days": rule.under_days,
        "most_a_month": exact_money(rule.most_a_month),
        "way": f"{rule.merchant_id}",
        "provider": _(PROVIDERS[rule.merchant.provider].title),
        "is_mine": is_own,
        "payer": shown_name(rule.by),
        "label": (rule.label or _(PROVIDERS[rule.merchant.provider].title)) if is_own else None,
        "asked_at": exact_instant(rule.asked_at),
        "agreed_at": instant_text(rule.agreed_at),
        "redirect": (rule.link or None) if is_own else None,
    }


def _payment(automatic_payment: AutomaticPayment) -> dict[str, Any]:
    payment = automatic_payment.payment
    return {
        "id": payment.payment_id,
        "at": exact_instant(payment.made_at),
        "amount": exact_money(payment.amount),
        "state": payment.state,
        "state_in_words": str(payment.get_state_display()),
    }


def _document(request: HttpRequest, tenancy: Tenancy) -> dict[str, Any]:
    rule = current(tenancy)
    payments = AutomaticPayment.objects.filter(rule__tenancy=tenancy).select_related("payment")
    return {
        "ways": [
            {"value": f"{each.pk}", "title": _(PROVIDERS[each.provider].title)} for each in merchants_that_save(tenancy)
        ],
        "under_days": {"fewest": FEWEST_DAYS, "usual": USUAL_DAYS, "most": MOST_DAYS},
        "rule": _rule(rule, request) if rule is not None else None,
        "payments": [_payment(each) for each in payments[:SHOWN]],
    }


@router.get("/me/tenancies/{pk}/automatic")
def automatic(request: HttpRequest, pk: int) -> Any:
    """Return the `rule` (null if there is none), the last `payments` by this or earlier rules, and the `ways` to agree
    to one: none if the landlord takes no such payments. Until the payer has agreed, the provider is asked now and then.
    `label` and `redirect` are null for everybody but the payer.
    """
    tenancy = present_tenancy(request, pk)
    rule = current(tenancy)
    if rule is not None:
        look_if_due(rule)
    return _document(request, tenancy)


@router.post("/me/tenancies/{pk}/automatic", response={201: dict[str, Any]})
def agree(request: HttpRequest, pk: int, given: TermsIn) -> Any:
    """Ask the provider for an agreement to these terms. The payer agrees at the address `redirect`, or, in a mini
    program of the landlord's, where `wx.navigateToMiniProgram` leads with `wx`. Until then nothing is paid. The same
    terms, sent again, are the same question; other terms take its place.
    """
    tenancy = present_tenancy(request, pk)
    merchants = merchants_that_save(tenancy)
    if not merchants:
        raise Http404
    merchant = chosen(merchants, given.way)
    terms = Terms(
        typed_amount(given.amount, "amount", tenancy),
        given.under_days,
        typed_amount(given.most_a_month, "most_a_month", tenancy),
    )
    check(terms, tenancy.unit.property.currency)
    try:
        person = wechat_user(request)
        started = ask(tenancy, merchant, terms, request.user, person.appid if person is not None else "")
    except (ProviderError, SealError) as error:
        raise ValidationError({"way": str(error)}) from None
    signing = started.signing
    wx = {"appId": signing.app, "path": signing.page, "extraData": signing.data} if signing is not None else None
    return Status(201, {**_document(request, tenancy), "redirect": started.link or None, "wx": wx})


@router.delete("/me/tenancies/{pk}/automatic", response={204: None})
def end_it(request: HttpRequest, pk: int) -> Any:
    """End the automatic top-up at once. Anybody of the flat may do so. If there is none, nothing is done."""
    rule = current(present_tenancy(request, pk))
    if rule is not None:
        end(rule)
    return Status(204, None)


@router.post("/me/tenancies/{pk}/automatic/resume")
def resume_it(request: HttpRequest, pk: int) -> Any:
    """Start a paused automatic top-up again. Only the payer may do so."""
    tenancy = present_tenancy(request, pk)
    rule = current(tenancy)
    if rule is None or rule.by_id != request.user.pk:
        raise Http404
    resume(rule)
    return _document(request, tenancy)
