"""A tenant's payments over the API: the ways, a new one, and what became of those of before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Router, Schema, Status

from ....kernel.units import INSTANT_MAX, exact_instant, exact_money
from ...accounts.tenants import tenancies_of_login
from ...accounts.wechat_users import WeChatUser
from ...core.addresses import asker
from ...core.sealing import SealError
from ...core.time import now
from ...estate.models import Tenancy
from ...payments.gifts import gift_in
from ...payments.matching import reference
from ...payments.merchants import provider_of
from ...payments.models import Payment
from ...payments.payment_request import PaymentRequest, start
from ...payments.polling import look_if_due
from ...payments.providers import PROVIDERS
from ...payments.providers.interface import ProviderError
from ...payments.providers.methods import Browser, Shows
from ...payments.ways import Way, merchants_for, method_of, ways_for
from ...vending.models import Code, TopUp
from ...web.payers import shown_name
from ..reading import read_instant
from ..writing import instant_text
from .own import is_present, own_tenancy, present_tenancy, typed_amount

router = Router()
MINI, REDIRECT, TRANSFER = "wechat-mini", "redirect", "transfer"
SHOWN = 20
"""The payments of one answer. It has more only if several are of one instant."""
WORDS = {
    "open": gettext_lazy("not paid yet"),
    "paid": gettext_lazy("paid, on its way to the meter"),
    "at-meter": gettext_lazy("at the meter"),
    "coded": gettext_lazy("paid: type the code at the meter"),
    "credit": gettext_lazy("paid, and kept as your credit"),
    "refused": gettext_lazy("paid, and refused by the meter: the manager sees it"),
    "held": gettext_lazy("paid, and waits for the manager"),
    "closed": gettext_lazy("not paid"),
    "returned": gettext_lazy("sent back"),
    "debt": gettext_lazy("paid what was owed"),
}


@dataclass(frozen=True)
class Offer:
    """A way to pay as the API offers it; `way` is None for a transfer."""

    value: str
    title: str
    kind: str
    way: Way | None = None

    def document(self) -> dict[str, str]:
        """Return the way to pay in the form of the API."""
        return {"value": self.value, "title": self.title, "kind": self.kind}


def wechat_user(request: HttpRequest) -> WeChatUser | None:
    """Return the person in the mini program from which a request comes; None if it does not come from one."""
    key = getattr(request.user, "api_key", None)
    user: WeChatUser | None = key.wechat_user if key is not None else None
    return user


def ways(request: HttpRequest, tenancy: Tenancy) -> list[Offer]:
    """Return the ways to pay for a tenancy: in the mini program if the request comes from one, by following a link, by
    a transfer. If the tenancy does not hold now, a transfer is the only way.
    """
    by_hand = Offer(TRANSFER, _("Transfer or cash, reference %(name)s") % {"name": reference(tenancy)}, TRANSFER)
    if not is_present(tenancy):
        return [by_hand]
    person = wechat_user(request)
    inside = [_inside(each, person) for each in merchants_for(tenancy)] if person is not None else []
    links = [
        Offer(each.value, str(each.method.title), REDIRECT, each)
        for each in ways_for(tenancy)
        if each.method.shows == Shows.LINK and Browser.PHONE in each.method.fits
    ]
    return [*filter(None, inside), *links, by_hand]


def _inside(merchant: Any, person: WeChatUser | None) -> Offer | None:
    """Return how somebody pays to a merchant account in their mini program; None if it takes none there."""
    assert person is not None
    provider = PROVIDERS[merchant.provider]
    try:
        name = provider_of(merchant).method_in(person.appid)
    except (SealError, ValueError):
        return None
    if not name:
        return None
    return Offer(f"{merchant.pk}:{name}", _(provider.title), MINI, Way(merchant, name, provider.methods[name]))


class NewPayment(Schema):
    """`amount` as text, such as 12.50, or as a person has typed it. `way`: a value of the ways of the home, or `wechat-mini` for
    the first one of this kind. `asked`: your own name for it, so that asking twice is one payment.
    """

    amount: str
    way: str
    asked: str


def _chosen(offers: Iterable[Offer], way: str) -> Offer | None:
    return next((each for each in offers if way in (each.value, each.kind)), None)


@router.post("/me/tenancies/{pk}/payments", response={201: dict[str, Any]})
def pay(request: HttpRequest, pk: int, given: NewPayment) -> Any:
    """Ask for a payment. `wx`: what `wx.requestPayment` takes; `redirect`: where the payer goes."""
    tenancy = present_tenancy(request, pk)
    offer = _chosen(ways(request, tenancy), given.way)
    if offer is None or offer.way is None:
        raise ValidationError({"way": _("Choose how to pay.")})
    person = wechat_user(request) if offer.kind == MINI else None
    openid, appid = (person.openid, person.appid) if person is not None else ("", "")
    try:
        payment = start(
            PaymentRequest(
                tenancy,
                offer.way.merchant,
                offer.way.name,
                typed_amount(given.amount, "amount", tenancy),
                given.asked,
                by=request.user,
                payer=openid,
                payer_address=asker(request),
                payer_app=appid,
            )
        )
    except (ProviderError, SealError) as error:
        raise ValidationError({"way": str(error)}) from None
    if look_if_due(payment):
        # Asked for again: it may be paid, although the phone was told that it failed.
        payment.refresh_from_db()
    state = {"id": payment.payment_id, "state": payment.state}
    if offer.kind == MINI:
        # The mini program knows its own id.
        return Status(201, {**state, "wx": {name: text for name, text in payment.params.items() if name != "appId"}})
    return Status(201, {**state, "redirect": payment.link})


RELATED = ("merchant", "tenancy", "by", "top_up__command__code", "top_up__entry__code")


@router.get("/me/payments/{payment_id}")
def payment(request: HttpRequest, payment_id: str) -> Any:
    """Return how a payment stands. As long as nothing is known of it, the provider is asked now and then."""
    rows = Payment.objects.select_related(*RELATED).filter(tenancy__in=tenancies_of_login(request.user))
    payment_ = rows.filter(payment_id=payment_id).first()
    if payment_ is None:
        raise Http404
    if look_if_due(payment_):
        payment_ = rows.get(pk=payment_.pk)
    code = _code_of(payment_.top_up)
    command = payment_.top_up.command if payment_.top_up is not None else None
    return {
        "id": payment_.payment_id,
        "tenancy": payment_.tenancy_id,
        "state": payment_.state,
        "state_in_words": str(WORDS[_step_of(payment_)]),
        "amount": exact_money(payment_.amount),
        "arrived_at": instant_text(payment_.paid_at),
        "at_meter_at": instant_text(command.reached_at) if command is not None else None,
        "code": code.digits if code is not None else None,
    }


@router.get("/me/tenancies/{pk}/payments")
def payments(request: HttpRequest, pk: int, before: str = "") -> Any:
    """List payments, the latest first: how each stands (`state`), and in words how far it is. `id` is null for those
    that the manager recorded. `before`: only payments before this instant. `next`: the instant to ask for next; null if
    there are no more.
    """
    tenancy = own_tenancy(request, pk)
    until = read_instant("before", before) if before else INSTANT_MAX
    top_ups, others = _top_ups(tenancy).filter(paid_at__lt=until), _others(tenancy).filter(made_at__lt=until)
    instants = sorted(
        [
            *top_ups.values_list("paid_at", flat=True)[: SHOWN + 1],
            *others.values_list("made_at", flat=True)[: SHOWN + 1],
        ]
    )
    # Those of one instant are not parted.
    since = instants[-SHOWN] if len(instants) > SHOWN else 0
    flat = set(tenancy.people.values_list("pk", flat=True))
    rows = [(each.paid_at, _of_top_up(each, flat)) for each in top_ups.filter(paid_at__gte=since)]
    rows += [(each.made_at, _of_payment(each, flat)) for each in others.filter(made_at__gte=since)]
    rows.sort(key=lambda each: each[0], reverse=True)
    has_more = bool(since) and (top_ups.filter(paid_at__lt=since).exists() or others.filter(made_at__lt=since).exists())
    return {
        "payments": [document for _at, document in rows],
        "next": exact_instant(since) if has_more else None,
    }


def _top_ups(tenancy: Tenancy) -> QuerySet[TopUp]:
    return tenancy.top_ups.select_related(
        "command__code", "entry__code", "by", "payment__merchant", "payment__by", "payment__gift__link"
    )


def _others(tenancy: Tenancy) -> QuerySet[Payment]:
    """Return the payments that have become no top-up: open ones, and those with which something else was done."""
    rows = tenancy.payments.select_related("merchant", "by", "gift__link").filter(top_up=None)
    # What somebody else has begun by a gift link is theirs to finish.
    over = Q(state=Payment.State.OPEN, expires_at__lte=now()) | Q(state=Payment.State.OPEN, gift__isnull=False)
    return rows.exclude(Q(state=Payment.State.CLOSED) | over)


def _of_payment(payment: Payment, flat: set[int]) -> dict[str, Any]:
    by = _by(payment, payment.tenancy, flat)
    return _row(payment.payment_id, payment.made_at, payment.amount, _way_of(payment), by, _step_of(payment))


def _of_top_up(top_up: TopUp, flat: set[int]) -> dict[str, Any]:
    paid: Payment | None = getattr(top_up, "payment", None)
    code = _code_of(top_up)
    way = _way_of(paid) if paid is not None else _("to the manager")
    by = _by(paid, top_up.tenancy, flat) if paid is not None else _("recorded by the manager")
    name = paid.payment_id if paid is not None else None
    row = _row(name, top_up.paid_at, top_up.amount, way, by, _step_of_top_up(top_up))
    return row | {"code": code.digits if code is not None else None}


def _row(name: str | None, at: int, amount: int, way: str, by: str, step: str) -> dict[str, Any]:
    return {
        "id": name,
        "at": exact_instant(at),
        "amount": exact_money(amount),
        "way": way,
        "by": by,
        "state": step if step in Payment.State.values else Payment.State.PAID,
        "state_in_words": str(WORDS[step]),
        "code": None,
    }


def _way_of(payment: Payment) -> str:
    method = method_of(payment)
    title = PROVIDERS[payment.merchant.provider].title
    return str(method.title) if method is not None and not payment.payer_app else _(title)


def _by(payment: Payment, tenancy: Tenancy, flat: set[int]) -> str:
    """Return who paid: by name if they are of the flat, or left one with a gift link."""
    gift, user = gift_in(payment, tenancy), payment.by
    if gift is not None and gift.giver:
        return _("%(giver)s, by a gift link") % {"giver": gift.giver}
    if user is None or user.pk not in flat:
        return _("somebody else")
    return shown_name(user)


def _step_of(payment: Payment) -> str:
    """Return how far a payment is, as a word of `WORDS`: its state, and beyond it the way to the meter."""
    if payment.state == Payment.State.PAID and payment.top_up is not None:
        return _step_of_top_up(payment.top_up)
    return str(payment.state)


def _step_of_top_up(top_up: TopUp) -> str:
    command = top_up.command
    if command is None:
        return "coded" if top_up.code is not None else "credit"
    if command.reached_at is not None:
        return "at-meter"
    return "refused" if command.state == command.State.REJECTED else "paid"


def _code_of(top_up: TopUp | None) -> Code | None:
    """Return the code that brings a payment's credit to the meter; None if it has none, or the credit is there already."""
    if top_up is None or _step_of_top_up(top_up) not in ("paid", "coded"):
        return None
    return top_up.code
