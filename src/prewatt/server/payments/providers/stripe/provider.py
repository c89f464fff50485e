"""Stripe, with Checkout, which is a page of Stripe's, and its webhooks.

Rules: https://docs.stripe.com/payments/checkout/fulfillment, https://docs.stripe.com/webhooks#verify-manually, and for payments
without the payer https://docs.stripe.com/payments/save-and-reuse
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import stripe
from django.utils.translation import gettext_lazy as _

from ....core.credential_fields import Field
from ..interface import (
    TIMEOUT,
    Answer,
    CallbackError,
    Charged,
    Line,
    Order,
    PaymentReport,
    Provider,
    ProviderError,
    Saved,
    Saving,
    Started,
    State,
    TakenBackReport,
    for_people,
    reading_callback,
)
from ..methods import BY_AGREEMENT, Method
from .balance import is_anothers, line_of
from .objects import card_label, dispute, marks_of, ours, paid_intent, paid_session, refund, refunded_charge, theirs

log = logging.getLogger("prewatt.payments")
PAID_EVENTS = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
CLOSED_EVENTS = ("checkout.session.expired", "checkout.session.async_payment_failed")
INTENT_EVENTS = ("payment_intent.succeeded", "payment_intent.payment_failed")
"""The events of payments without the payer. Payments in Checkout have events of their own."""
CERTAIN = (
    stripe.InvalidRequestError,
    stripe.CardError,
    stripe.AuthenticationError,
    stripe.PermissionError,
    stripe.RateLimitError,
)
"""The refusals after which nothing was done. Errors of Stripe's own, and a key that is in use, are none of them."""
REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")


class Stripe(Provider):
    """An account at Stripe."""

    name = "stripe"
    title = "Stripe"
    fields = (
        Field("api_key", _("Secret key"), secret=True, help=_("sk_live_…, or a restricted one.")),
        Field("webhook_secret", _("Signing secret of the webhook"), secret=True, help=_("whsec_…")),
    )
    methods = {"checkout": Method(_("Card or wallet")), BY_AGREEMENT: Method(_("The saved card"), fits=frozenset())}
    currencies = frozenset()
    zone = "UTC"
    address = "https://api.stripe.com"
    refusals = (stripe.StripeError,)
    away = (OSError, stripe.APIConnectionError)

    def __init__(self, settings: Mapping[str, str], address: str = "") -> None:
        for field, starts in zip(self.fields, (("sk_", "rk_"), ("whsec_",)), strict=True):
            if not settings[field.name].startswith(starts):
                raise ValueError(
                    _("%(field)s must begin with %(start)s: copy it again from Stripe's pages.")
                    % {"field": field.label, "start": starts[0]}
                )
        self._secret = settings["webhook_secret"]
        self._client = stripe.StripeClient(
            settings["api_key"],
            base_addresses={"api": address or self.address},
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
        )

    @classmethod
    def saves(cls, settings: Mapping[str, str]) -> bool:  # noqa: ARG003
        """Return True: any account can save cards."""
        return True

    def create(self, order: Order) -> Started:
        """Ask for a session of Checkout, with the payment id as the idempotency key. Returns its address."""
        marks = {"payment_id": order.payment_id}
        with self.asking():
            session = self._client.v1.checkout.sessions.create(
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
                                "unit_amount": theirs(order.amount, order.currency),
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
            return Started(str(session.url), session.id)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> PaymentReport | TakenBackReport | None:
        """Return the payment, the refund or the dispute that a signed event reports; None for other events, and for
        payments without our mark.
        """
        with reading_callback():
            try:
                event = stripe.Webhook.construct_event(body, headers.get("Stripe-Signature", ""), self._secret)
            except stripe.SignatureVerificationError:
                raise CallbackError("its signature is not Stripe's, or it is of another time") from None
            session: Any = event.data.object
            if event.type in REFUND_EVENTS:
                return refund(session.to_dict(), event.created)
            if event.type.startswith("charge.dispute."):
                return dispute(session.to_dict(), event.type, event.created)
            if event.type == "charge.refunded":
                return refunded_charge(session.to_dict())
            if event.type in INTENT_EVENTS:
                intent = session.to_dict()
                return paid_intent(intent) if marks_of(intent).get("by") == BY_AGREEMENT else None
            if event.type not in PAID_EVENTS + CLOSED_EVENTS or not marks_of(session.to_dict()).get("payment_id"):
                # It is no payment, or a payment of another business on the same account.
                return None
            if event.type in CLOSED_EVENTS:
                return PaymentReport(session.client_reference_id, State.CLOSED)
            if session.payment_status != "paid":
                return None
            return paid_session(session, event.created)

    def answer(self, taken: bool, why: str = "") -> Answer:
        """Return an answer whose status says whether the event was taken; Stripe sends a refused one again."""
        return Answer(200 if taken else 400, why, "text/plain")

    def query(self, order: Order) -> PaymentReport:
        """Return how a payment stands, with how much of it went back; one without a reference is open."""
        if not order.reference:
            return PaymentReport(order.payment_id, State.OPEN)
        with self.asking():
            if order.method == BY_AGREEMENT:
                intent = self._client.v1.payment_intents.retrieve(order.reference, {"expand": ["latest_charge"]})
                return paid_intent(intent.to_dict())
            session: Any = self._client.v1.checkout.sessions.retrieve(
                order.reference, {"expand": ["payment_intent.latest_charge"]}
            )
            if session.payment_status == "paid":
                charge = getattr(session.payment_intent, "latest_charge", None)
                back = charge.to_dict().get("amount_refunded") if charge else None
                refunded = None if back is None else ours(int(back), str(session.currency).upper())
                return paid_session(session, charge.created if charge else session.created, refunded)
            return PaymentReport(order.payment_id, State.CLOSED if session.status == "expired" else State.OPEN)

    def close(self, order: Order) -> None:
        """Expire the session, or cancel the payment without the payer, if Stripe knows it."""
        if order.reference:
            with self.asking():
                if order.method == BY_AGREEMENT:
                    self._client.v1.payment_intents.cancel(order.reference)
                    return
                self._client.v1.checkout.sessions.expire(order.reference)

    def refund(self, order: Order, provider_id: str, refund_id: str, amount: int, reason: str) -> None:
        """Send an amount back to the payer, with the refund id as the idempotency key."""
        with self.asking():
            refund_ = self._client.v1.refunds.create(
                {
                    "payment_intent": provider_id,
                    "amount": theirs(amount, order.currency),
                    "metadata": {"refund_id": refund_id, "payment_id": order.payment_id, "reason": reason[:400]},
                },
                {"idempotency_key": refund_id},
            )
            if refund_.status not in ("succeeded", "pending"):
                raise ProviderError(
                    _("Stripe has not taken the refund: its state is %(state)s. Look in Stripe's own pages.")
                    % {"state": refund_.status}
                )

    def has_refund(self, order: Order, provider_id: str, refund_id: str) -> bool:
        """Return whether Stripe has a refund with our mark that has not failed."""
        with self.asking():
            refunds = self._client.v1.refunds.list({"payment_intent": provider_id, "limit": 100})
            rows = [each.to_dict() for each in refunds.auto_paging_iter()]
        own = (row for row in rows if marks_of(row).get("refund_id") == refund_id)
        return any(row["status"] not in ("failed", "canceled") for row in own)

    def save(self, saving: Saving) -> Started:
        """Ask for a session of Checkout in which the payer gives a card, and nothing is paid. Returns its address."""
        marks = {"saving_id": saving.saving_id}
        with self.asking():
            customer = self._client.v1.customers.create(
                {"metadata": marks}, {"idempotency_key": f"{saving.saving_id} customer"}
            )
            session = self._client.v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "customer": customer.id,
                    "client_reference_id": saving.saving_id,
                    "metadata": marks,
                    # A card is charged at once; other ways take days to say whether they were.
                    "allowed_payment_method_types": ["card"],
                    "setup_intent_data": {"metadata": marks},
                    "success_url": saving.return_url,
                    "cancel_url": saving.return_url,
                },
                {"idempotency_key": saving.saving_id},
            )
            return Started(str(session.url), session.id)

    def saved(self, saving: Saving) -> Saved | None:
        """Return the card that the payer has given; None if the session is not complete."""
        if not saving.reference:
            return None
        with self.asking():
            session = self._client.v1.checkout.sessions.retrieve(
                saving.reference, {"expand": ["setup_intent.payment_method"]}
            ).to_dict()
            setup = session.get("setup_intent") or {}
            if session["status"] != "complete" or setup.get("status") != "succeeded":
                return None
            if session["client_reference_id"] != saving.saving_id:
                raise ProviderError(_("The provider's answer is about another card. Start again."))
            method = setup["payment_method"]
            return Saved(json.dumps([session["customer"], method["id"]]), card_label(method))

    def charge(self, order: Order, token: str) -> Charged:
        """Ask for a payment by the saved card, with the payment id as the idempotency key. A card whose bank wants to see its
        owner is refused.
        """
        customer, method = json.loads(token)
        with self.asking():
            try:
                intent = self._client.v1.payment_intents.create(
                    {
                        "amount": theirs(order.amount, order.currency),
                        "currency": order.currency.lower(),
                        "customer": customer,
                        "payment_method": method,
                        "allowed_payment_method_types": ["card"],
                        "description": order.subject,
                        "metadata": {"payment_id": order.payment_id, "by": BY_AGREEMENT},
                        "off_session": True,
                        "confirm": True,
                        "error_on_requires_action": True,
                        "expand": ["latest_charge"],
                    },
                    {"idempotency_key": order.payment_id},
                )
            except (stripe.CardError, stripe.InvalidRequestError) as error:
                # It was not paid, and won't be: the same question has the same answer.
                log.warning("Stripe says no: %s", error)
                refusal = for_people(self.reason_of(error))
                return Charged(PaymentReport(order.payment_id, State.CLOSED), refusal=refusal)
            return Charged(paid_intent(intent.to_dict()), intent.id)

    def forget(self, token: str) -> None:
        """Detach the card from the customer; one that is detached already stays so."""
        with self.asking():
            try:
                self._client.v1.payment_methods.detach(json.loads(token)[1])
            except stripe.InvalidRequestError as error:
                log.info("Stripe: the card is not detached: %s", error.code)

    def reason_of(self, refusal: Exception) -> str:
        """Return Stripe's message for the user, or its code."""
        assert isinstance(refusal, stripe.StripeError)
        return str(refusal.user_message or refusal.code or "")

    def is_certain(self, refusal: Exception) -> bool:
        """Return whether Stripe has refused the request itself. Once it has forgotten a key, it refuses a repeated refund
        because the money went back already.
        """
        return isinstance(refusal, CERTAIN) and refusal.code != "charge_already_refunded"

    def settlement(self, day: date) -> list[Line]:
        """Return the balance transactions of the day in UTC that are ours."""
        begin = datetime.combine(day, time(), UTC)
        span = {"gte": int(begin.timestamp()), "lt": int((begin + timedelta(days=1)).timestamp())}
        with self.asking():
            transactions = self._client.v1.balance_transactions.list(
                {"created": span, "limit": 100, "expand": ["data.source", "data.source.charge"]}  # type: ignore[arg-type]
            )
            rows = [each.to_dict() for each in transactions.auto_paging_iter()]
            return [line_of(row) for row in rows if not is_anothers(row)]
