"""Stripe: Checkout, a page of Stripe's, and its webhooks.

Rules: https://docs.stripe.com/payments/checkout/fulfillment, https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import stripe
from django.utils.translation import gettext_lazy as _

from ....kernel.units import SECOND
from ...account_fields import Field
from .interface import (
    OTHER,
    PAYMENT,
    PAYOUT,
    REFUND,
    TIMEOUT,
    Answer,
    CallbackError,
    Line,
    Order,
    Provider,
    ProviderError,
    Started,
    State,
    Told,
    asking,
    reading_callback,
)

AWAY = (OSError, stripe.APIConnectionError)
PAID_EVENTS = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
CLOSED_EVENTS = ("checkout.session.expired", "checkout.session.async_payment_failed")
IN_HUNDREDTHS = ("ISK", "UGX")
"""Currencies without decimals that Stripe counts with two: https://docs.stripe.com/currencies#special-cases"""
KINDS = {
    "charge": PAYMENT, "payment": PAYMENT, "refund": REFUND, "payment_refund": REFUND, "payout": PAYOUT,
}  # fmt: skip


class Stripe(Provider):
    """An account at Stripe."""

    name = "stripe"
    title = "Stripe"
    fields = (
        Field("api_key", _("Secret key"), secret=True, help=_("sk_live_…, or a restricted one.")),
        Field("webhook_secret", _("Signing secret of the webhook"), secret=True, help=_("whsec_…")),
    )
    methods = {"checkout": _("Card or wallet")}
    currencies = frozenset()
    zone = "UTC"
    address = "https://api.stripe.com"

    def __init__(self, settings: Mapping[str, str], address: str = "") -> None:
        for field, starts in zip(self.fields, (("sk_", "rk_"), ("whsec_",)), strict=True):
            if not settings[field.name].startswith(starts):
                raise ValueError(_("%(field)s begins with %(start)s") % {"field": field.label, "start": starts[0]})
        self._secret = settings["webhook_secret"]
        self._client = stripe.StripeClient(
            settings["api_key"],
            base_addresses={"api": address or self.address},
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
        )

    def create(self, order: Order) -> Started:
        marks = {"payment_id": order.payment_id}
        with asking(Stripe.title, stripe.StripeError, _said, AWAY):
            made = self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": order.payment_id,
                    "metadata": marks,
                    "payment_intent_data": {"metadata": marks},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": order.currency.lower(),
                                "unit_amount": _theirs(order.amount, order.currency),
                                "product_data": {"name": order.subject},
                            },
                        }
                    ],
                    "success_url": order.return_url,
                    "cancel_url": order.return_url,
                    "expires_at": int(order.expires.timestamp()),
                },
                {"idempotency_key": order.payment_id},
            )
            return Started(str(made.url), made.id)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Told | None:
        with reading_callback():
            try:
                event = stripe.Webhook.construct_event(body, headers.get("Stripe-Signature", ""), self._secret)
            except stripe.SignatureVerificationError:
                raise CallbackError("its signature is not Stripe's, or it is of another time") from None
            session: Any = event.data.object
            if event.type not in PAID_EVENTS + CLOSED_EVENTS or not _marks(session).get("payment_id"):
                # Nothing of a payment, or one that another business takes by the same account.
                return None
            if event.type in CLOSED_EVENTS:
                return Told(session.client_reference_id, State.CLOSED)
            if session.payment_status != "paid":
                return None
            return _told(session, event.created)

    def answer(self, taken: bool, why: str = "") -> Answer:
        return Answer(200 if taken else 400, why, "text/plain")

    def query(self, order: Order) -> Told:
        if not order.reference:
            return Told(order.payment_id, State.OPEN)
        with asking(Stripe.title, stripe.StripeError, _said, AWAY):
            found: Any = self._client.v1.checkout.sessions.retrieve(
                order.reference, {"expand": ["payment_intent.latest_charge"]}
            )
            if found.payment_status == "paid":
                charge = getattr(found.payment_intent, "latest_charge", None)
                return _told(found, charge.created if charge else found.created)
            return Told(order.payment_id, State.CLOSED if found.status == "expired" else State.OPEN)

    def close(self, order: Order) -> None:
        if order.reference:
            with asking(Stripe.title, stripe.StripeError, _said, AWAY):
                self._client.v1.checkout.sessions.expire(order.reference)

    def refund(self, order: Order, provider_id: str, refund_id: str, amount: int, reason: str) -> None:
        with asking(Stripe.title, stripe.StripeError, _said, AWAY):
            made = self._client.v1.refunds.create(
                {
                    "payment_intent": provider_id,
                    "amount": _theirs(amount, order.currency),
                    "metadata": {"refund_id": refund_id, "payment_id": order.payment_id, "reason": reason[:400]},
                },
                {"idempotency_key": refund_id},
            )
            if made.status not in ("succeeded", "pending"):
                raise ProviderError(_("Stripe says of the refund: %(state)s") % {"state": made.status})

    def settlement(self, day: date) -> list[Line]:
        begin = datetime.combine(day, time(), UTC)
        span = {"gte": int(begin.timestamp()), "lt": int((begin + timedelta(days=1)).timestamp())}
        with asking(Stripe.title, stripe.StripeError, _said, AWAY):
            found = self._client.v1.balance_transactions.list(
                {"created": span, "limit": 100, "expand": ["data.source"]}  # type: ignore[arg-type]
            )
            lines = [_line(each) for each in found.auto_paging_iter()]
            # What another business takes by the same account bears no mark of ours.
            return [line for line in lines if line.payment_id or line.kind not in (PAYMENT, REFUND)]


def _marks(found: Any) -> dict[str, Any]:
    marks: dict[str, Any] = found.metadata.to_dict() if found.metadata else {}
    return marks


def _theirs(amount: int, currency: str) -> int:
    return amount * 100 if currency.upper() in IN_HUNDREDTHS else amount


def _ours(amount: int, currency: str) -> int:
    return amount // 100 if currency.upper() in IN_HUNDREDTHS else amount


def _told(session: Any, at: int) -> Told:
    currency = str(session.currency).upper()
    intent = session.payment_intent
    return Told(
        session.client_reference_id,
        State.PAID,
        intent if isinstance(intent, str) else intent.id,
        _ours(int(session.amount_total), currency),
        currency,
        at * SECOND,
    )


def _line(row: Any) -> Line:
    kind, source = KINDS.get(row.type, OTHER), row.source
    amount, currency, payment_id, provider_id = row.amount, str(row.currency).upper(), "", str(row.id)
    line_id = str(row.id)
    if kind in (PAYMENT, REFUND) and source is not None:
        # What the payer paid, in their currency; the row itself is in the account's.
        amount = source.amount if kind == PAYMENT else -source.amount
        currency = str(source.currency).upper()
        known = _marks(source)
        payment_id = str(known.get("payment_id", ""))
        if kind == REFUND:
            line_id = str(known.get("refund_id") or line_id)
        provider_id = str(source.payment_intent or source.id)
    fee = int(row.fee) if currency == str(row.currency).upper() else 0
    return Line(
        line_id, kind, payment_id, provider_id, _ours(int(amount), currency), _ours(fee, currency), currency,
        int(row.created) * SECOND,
    )  # fmt: skip


def _said(error: stripe.StripeError) -> str:
    return str(error.user_message or error.code or "")
