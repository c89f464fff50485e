"""Stripe's objects as our reports: a session, a refund, a dispute, a charge. Stripe counts amounts in its own smallest
units.

Rules: https://docs.stripe.com/api
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from .....kernel.currencies import minor_unit
from .....kernel.units import SECOND
from ....core import local_forms
from ..interface import Cause, PaymentReport, ProviderError, State, Step, TakenBackReport

IN_HUNDREDTHS = ("ISK", "UGX")
"""The currencies without decimals that Stripe counts with two: https://docs.stripe.com/currencies#special-cases"""
IN_WHOLE = ("MGA",)
"""The currencies with two decimals that Stripe counts without: https://docs.stripe.com/currencies#zero-decimal"""
IN_TENS = ("BHD", "JOD", "KWD", "OMR", "TND")
"""The currencies with three decimals whose last one must be 0: https://docs.stripe.com/currencies#three-decimal"""
DISPUTE_STEPS = {"won": Step.WON, "lost": Step.LOST, "warning_closed": Step.WON, "prevented": Step.WON}
"""The state of money in a dispute, by the dispute's status."""
DISPUTE_EVENTS = {
    "charge.dispute.funds_reinstated": Step.WON,
    "charge.dispute.funds_withdrawn": Step.TAKEN,
}
"""The same by the event that reports the dispute. It counts before the status."""

Row = dict[str, Any]
"""An object of Stripe's, as plain values."""


def marks_of(row: Row) -> Row:
    """Return the marks that we wrote on an object when we made it; empty if it was made elsewhere."""
    return row.get("metadata") or {}


def intent_of(row: Row) -> str:
    """Return the id of the payment intent of a charge, a refund or a dispute; without one, the id of the charge."""
    intent = row.get("payment_intent") or row.get("charge") or row["id"]
    return str(intent["id"] if isinstance(intent, dict) else intent)


def refund(row: Row, at: int) -> TakenBackReport:
    """Return the report of a refund. A refund that was made in Stripe's own pages has no number of ours. `at`: seconds
    since 1970.
    """
    marks, currency = marks_of(row), str(row["currency"]).upper()
    step = Step.WON if row.get("status") in ("failed", "canceled") else Step.TAKEN
    return TakenBackReport(
        str(marks.get("refund_id") or row["id"]),
        Cause.REFUND,
        step,
        str(marks.get("payment_id", "")),
        intent_of(row),
        ours(int(row["amount"]), currency),
        currency,
        at * SECOND,
        reason=str(row.get("failure_reason") or ""),
    )


def _step(status: str, booked: list[Row] | None) -> Step:
    """Return the state of a dispute by its own status and the list of its bookings (None: not in the message)."""
    if status in DISPUTE_STEPS:
        return DISPUTE_STEPS[status]
    is_inquiry = status.startswith("warning_") or (booked is not None and not booked)
    return Step.ASKED if is_inquiry else Step.TAKEN


def dispute(row: Row, event: str, at: int) -> TakenBackReport:
    """Return the report of a dispute. An inquiry takes no money yet, nor does a dispute with an empty list of bookings.
    `at`: seconds since 1970.
    """
    currency, booked = str(row["currency"]).upper(), row.get("balance_transactions")
    step = DISPUTE_EVENTS.get(event) or _step(str(row.get("status")), booked)
    return TakenBackReport(
        str(row["id"]),
        Cause.DISPUTE,
        step,
        str(marks_of(row).get("payment_id", "")),
        intent_of(row),
        ours(int(row["amount"]), currency),
        currency,
        at * SECOND,
        ours(sum(int(each.get("fee") or 0) for each in booked or ()), currency),
        str(row.get("reason") or ""),
    )


def refunded_charge(charge: Row) -> PaymentReport:
    """Return the report of a charge of which something went back, with the sum of it."""
    currency = str(charge["currency"]).upper()
    amount, refunded = ours(int(charge["amount"]), currency), ours(int(charge.get("amount_refunded") or 0), currency)
    state = State.REFUNDED if refunded >= amount else State.PAID
    at = int(charge.get("created") or 0) * SECOND
    return PaymentReport(
        str(marks_of(charge).get("payment_id", "")), state, intent_of(charge), amount, currency, at, refunded
    )


def theirs(amount: int, currency: str) -> int:
    """Return an amount in minor units as Stripe counts it. Raises ProviderError if it is finer than Stripe takes."""
    step = 10 if currency in IN_TENS else 100 if currency in IN_WHOLE else 1
    if amount % step:
        least = local_forms.money(step * minor_unit(currency), currency)
        raise ProviderError(
            _("Stripe takes amounts in %(currency)s in steps of %(least)s.") % {"currency": currency, "least": least}
        )
    return amount * 100 if currency in IN_HUNDREDTHS else amount // 100 if currency in IN_WHOLE else amount


def ours(amount: int, currency: str) -> int:
    """Return an amount of Stripe's in minor units."""
    return amount // 100 if currency in IN_HUNDREDTHS else amount * 100 if currency in IN_WHOLE else amount


def paid_session(session: Any, at: int, refunded: int | None = None) -> PaymentReport:
    """Return the report of a session that was paid at the instant `at` (seconds since 1970), and of which `refunded`
    went back since, in minor units; None if that is not known.
    """
    currency = str(session.currency).upper()
    intent, amount = session.payment_intent, ours(int(session.amount_total), currency)
    return PaymentReport(
        session.client_reference_id,
        State.REFUNDED if refunded is not None and refunded >= amount else State.PAID,
        intent if isinstance(intent, str) else intent.id,
        amount,
        currency,
        at * SECOND,
        refunded,
    )


INTENTS = {"succeeded": State.PAID, "canceled": State.CLOSED, "requires_payment_method": State.CLOSED}
"""The state of a payment without the payer, by its status. A refused payment asks for another card, which nobody will give."""


def paid_intent(row: Row) -> PaymentReport:
    """Return the report of a payment without the payer, as it stands: open, paid, refunded or closed."""
    payment_id, state = str(marks_of(row).get("payment_id", "")), INTENTS.get(str(row["status"]), State.OPEN)
    if state != State.PAID:
        return PaymentReport(payment_id, state)
    currency, charge = str(row["currency"]).upper(), row.get("latest_charge")
    amount = ours(int(row["amount_received"]), currency)
    back = charge.get("amount_refunded") if isinstance(charge, dict) else None
    refunded = None if back is None else ours(int(back), currency)
    at = charge["created"] if isinstance(charge, dict) else row["created"]
    if refunded is not None and refunded >= amount:
        state = State.REFUNDED
    return PaymentReport(payment_id, state, str(row["id"]), amount, currency, int(at) * SECOND, refunded)


def card_label(row: Row) -> str:
    """Return what people know a card by: its brand and its last digits."""
    card = row.get("card") or {}
    return f"{card.get('brand') or row.get('type') or ''} {card.get('last4') or ''}".strip().capitalize()[:40]
