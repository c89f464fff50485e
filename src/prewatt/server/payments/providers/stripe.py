"""Stripe: Checkout, a page of Stripe's, and its webhooks.

Rules: https://docs.stripe.com/payments/checkout/fulfillment, https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import stripe
from django.utils.translation import gettext_lazy as _

from ....kernel.currencies import format_money, minor_unit
from ....kernel.units import SECOND
from ...account_fields import Field
from .interface import (
    ADJUSTMENT,
    DISPUTE,
    FEE,
    OTHER,
    PAYMENT,
    PAYOUT,
    REFUND,
    RESERVE,
    RETURN,
    TIMEOUT,
    Answer,
    Back,
    CallbackError,
    Cause,
    Line,
    Order,
    Provider,
    ProviderError,
    Started,
    State,
    Step,
    Told,
    asking,
    reading_callback,
)

AWAY = (OSError, stripe.APIConnectionError)
PAID_EVENTS = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
CLOSED_EVENTS = ("checkout.session.expired", "checkout.session.async_payment_failed")
IN_HUNDREDTHS = ("ISK", "UGX")
"""Currencies without decimals that Stripe counts with two: https://docs.stripe.com/currencies#special-cases"""
IN_WHOLE = ("MGA",)
"""Currencies with two decimals that Stripe counts without: https://docs.stripe.com/currencies#zero-decimal"""
IN_TENS = ("BHD", "JOD", "KWD", "OMR", "TND")
"""Currencies with three decimals of which the last has to be 0: https://docs.stripe.com/currencies#three-decimal"""
REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
DISPUTE_STEPS = {"won": Step.WON, "lost": Step.LOST, "warning_closed": Step.WON, "prevented": Step.WON}
KINDS = {
    "charge": PAYMENT, "payment": PAYMENT,
    "refund": REFUND, "payment_refund": REFUND, "refund_failure": REFUND,
    "payment_failure_refund": RETURN, "payment_reversal": RETURN,
    "stripe_fee": FEE, "stripe_fx_fee": FEE, "tax_fee": FEE, "application_fee": FEE,
    "payout": PAYOUT, "payout_cancel": PAYOUT, "payout_failure": PAYOUT,
    "reserve_transaction": RESERVE, "reserved_funds": RESERVE, "reserve_hold": RESERVE, "reserve_release": RESERVE,
    "payment_network_reserve_hold": RESERVE, "payment_network_reserve_release": RESERVE,
    "payout_minimum_balance_hold": RESERVE, "payout_minimum_balance_release": RESERVE,
    "adjustment": ADJUSTMENT,
}  # fmt: skip
"""Of the types in https://docs.stripe.com/reports/balance-transaction-types"""
OF_A_SOURCE = {"dispute": DISPUTE, "refund": REFUND}
"""What an adjustment is of says what it is."""


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

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Told | Back | None:
        with reading_callback():
            try:
                event = stripe.Webhook.construct_event(body, headers.get("Stripe-Signature", ""), self._secret)
            except stripe.SignatureVerificationError:
                raise CallbackError("its signature is not Stripe's, or it is of another time") from None
            session: Any = event.data.object
            if event.type in REFUND_EVENTS:
                return _refund(session.to_dict(), event.created)
            if event.type.startswith("charge.dispute."):
                return _dispute(session.to_dict(), event.type, event.created)
            if event.type == "charge.refunded":
                return _refunded(session.to_dict())
            if event.type not in PAID_EVENTS + CLOSED_EVENTS or not _marks(session.to_dict()).get("payment_id"):
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
                back = charge.to_dict().get("amount_refunded") if charge else None
                gone = None if back is None else _ours(int(back), str(found.currency).upper())
                return _told(found, charge.created if charge else found.created, gone)
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
                {"created": span, "limit": 100, "expand": ["data.source", "data.source.charge"]}  # type: ignore[arg-type]
            )
            rows = [each.to_dict() for each in found.auto_paging_iter()]
            return [_line(row) for row in rows if not _is_anothers(row)]


Row = dict[str, Any]
"""An object of Stripe's, as plain values."""


def _marks(found: Row) -> Row:
    return found.get("metadata") or {}


def _is_anothers(row: Row) -> bool:
    """What another business takes by the same account bears no mark of ours. What is taken back of it is made by people
    and banks, and bears none of itself: its charge does.
    """
    source = row["source"]
    if not isinstance(source, dict):
        return False
    if KINDS.get(row["type"]) == PAYMENT:
        return not _marks(source).get("payment_id")
    charge = source.get("charge")
    return isinstance(charge, dict) and not (_marks(source) | _marks(charge)).get("payment_id")


def _intent(found: Row) -> str:
    """The payment intent of a charge, a refund or a dispute; where there is none, the charge."""
    named = found.get("payment_intent") or found.get("charge") or found["id"]
    return str(named["id"] if isinstance(named, dict) else named)


def _refund(found: Row, at: int) -> Back:
    """A refund: also one made in Stripe's own pages, which has no number of ours."""
    marks, currency = _marks(found), str(found["currency"]).upper()
    step = Step.WON if found.get("status") in ("failed", "canceled") else Step.TAKEN
    return Back(
        str(marks.get("refund_id") or found["id"]),
        Cause.REFUND,
        step,
        str(marks.get("payment_id", "")),
        _intent(found),
        _ours(int(found["amount"]), currency),
        currency,
        at * SECOND,
        reason=str(found.get("failure_reason") or ""),
    )


def _dispute(found: Row, event: str, at: int) -> Back:
    """A dispute. An inquiry takes nothing yet; nor does one whose list of bookings is empty."""
    currency, status, booked = (
        str(found["currency"]).upper(),
        str(found.get("status")),
        found.get("balance_transactions"),
    )
    step = DISPUTE_STEPS.get(status)
    if event == "charge.dispute.funds_reinstated":
        step = Step.WON
    elif event == "charge.dispute.funds_withdrawn":
        step = Step.TAKEN
    elif step is None:
        asked = status.startswith("warning_") or (booked is not None and not booked)
        step = Step.ASKED if asked else Step.TAKEN
    return Back(
        str(found["id"]),
        Cause.DISPUTE,
        step,
        str(_marks(found).get("payment_id", "")),
        _intent(found),
        _ours(int(found["amount"]), currency),
        currency,
        at * SECOND,
        _ours(sum(int(each.get("fee") or 0) for each in booked or ()), currency),
        str(found.get("reason") or ""),
    )


def _refunded(charge: Row) -> Told:
    """A charge of which something went back: how much in all."""
    currency = str(charge["currency"]).upper()
    amount, gone = _ours(int(charge["amount"]), currency), _ours(int(charge.get("amount_refunded") or 0), currency)
    state = State.REFUNDED if gone >= amount else State.PAID
    at = int(charge.get("created") or 0) * SECOND
    return Told(str(_marks(charge).get("payment_id", "")), state, _intent(charge), amount, currency, at, gone)


def _theirs(amount: int, currency: str) -> int:
    """An amount in minor units as Stripe counts it. ProviderError if Stripe takes none so fine."""
    step = 10 if currency in IN_TENS else 100 if currency in IN_WHOLE else 1
    if amount % step:
        least = format_money(step * minor_unit(currency), currency)
        raise ProviderError(
            _("Stripe takes amounts in %(currency)s in steps of %(least)s.") % {"currency": currency, "least": least}
        )
    return amount * 100 if currency in IN_HUNDREDTHS else amount // 100 if currency in IN_WHOLE else amount


def _ours(amount: int, currency: str) -> int:
    """An amount of Stripe's in minor units."""
    return amount // 100 if currency in IN_HUNDREDTHS else amount * 100 if currency in IN_WHOLE else amount


def _told(session: Any, at: int, gone: int | None = None) -> Told:
    currency = str(session.currency).upper()
    intent, amount = session.payment_intent, _ours(int(session.amount_total), currency)
    return Told(
        session.client_reference_id,
        State.REFUNDED if gone is not None and gone >= amount else State.PAID,
        intent if isinstance(intent, str) else intent.id,
        amount,
        currency,
        at * SECOND,
        gone,
    )


def _line(row: Row) -> Line:
    source: Row | None = row["source"] if isinstance(row["source"], dict) else None
    kind = KINDS.get(row["type"], OTHER)
    if kind == ADJUSTMENT and source is not None:
        kind = OF_A_SOURCE.get(str(source.get("object")), kind)
    amount, currency, payment_id, provider_id = int(row["amount"]), str(row["currency"]).upper(), "", str(row["id"])
    line_id, back_id = str(row["id"]), ""
    if kind in (PAYMENT, REFUND, RETURN, DISPUTE) and source is not None:
        # What the payer paid or took back, in their currency; the row itself is in the account's.
        amount = int(source["amount"]) if amount >= 0 else -int(source["amount"])
        currency = str(source["currency"]).upper()
        charge = source.get("charge")
        known = (_marks(charge) if isinstance(charge, dict) else {}) | _marks(source)
        payment_id, provider_id = str(known.get("payment_id", "")), _intent(source)
        if kind != PAYMENT:
            back_id = str(known.get("refund_id") or source["id"])
            # What comes back of a refund that failed, and each booking of a dispute, is a line of its own.
            line_id = back_id if kind != DISPUTE and amount < 0 else line_id
    elif kind == PAYOUT and source is not None:
        back_id = str(source["id"])
    fee = int(row["fee"]) if currency == str(row["currency"]).upper() else 0
    text = str(row.get("description") or row["type"])
    return Line(
        line_id, kind, payment_id, provider_id, _ours(amount, currency), _ours(fee, currency), currency,
        int(row["created"]) * SECOND, back_id, text,
    )  # fmt: skip


def _said(error: stripe.StripeError) -> str:
    return str(error.user_message or error.code or "")
