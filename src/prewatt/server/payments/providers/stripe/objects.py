"""What Stripe's objects say: a session, a refund, a dispute, a charge. Amounts in its own smallest units.

Rules: https://docs.stripe.com/api
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from .....kernel.currencies import format_money, minor_unit
from .....kernel.units import SECOND
from ..interface import Back, Cause, ProviderError, State, Step, Told

IN_HUNDREDTHS = ("ISK", "UGX")
"""Currencies without decimals that Stripe counts with two: https://docs.stripe.com/currencies#special-cases"""
IN_WHOLE = ("MGA",)
"""Currencies with two decimals that Stripe counts without: https://docs.stripe.com/currencies#zero-decimal"""
IN_TENS = ("BHD", "JOD", "KWD", "OMR", "TND")
"""Currencies with three decimals of which the last has to be 0: https://docs.stripe.com/currencies#three-decimal"""
DISPUTE_STEPS = {"won": Step.WON, "lost": Step.LOST, "warning_closed": Step.WON, "prevented": Step.WON}

Row = dict[str, Any]
"""An object of Stripe's, as plain values."""


def marks_of(found: Row) -> Row:
    """What was written on it when it was made here; empty if it was made elsewhere."""
    return found.get("metadata") or {}


def intent_of(found: Row) -> str:
    """The payment intent of a charge, a refund or a dispute; where there is none, the charge."""
    named = found.get("payment_intent") or found.get("charge") or found["id"]
    return str(named["id"] if isinstance(named, dict) else named)


def refund(found: Row, at: int) -> Back:
    """A refund: also one made in Stripe's own pages, which has no number of ours."""
    marks, currency = marks_of(found), str(found["currency"]).upper()
    step = Step.WON if found.get("status") in ("failed", "canceled") else Step.TAKEN
    return Back(
        str(marks.get("refund_id") or found["id"]),
        Cause.REFUND,
        step,
        str(marks.get("payment_id", "")),
        intent_of(found),
        ours(int(found["amount"]), currency),
        currency,
        at * SECOND,
        reason=str(found.get("failure_reason") or ""),
    )


def dispute(found: Row, event: str, at: int) -> Back:
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
        str(marks_of(found).get("payment_id", "")),
        intent_of(found),
        ours(int(found["amount"]), currency),
        currency,
        at * SECOND,
        ours(sum(int(each.get("fee") or 0) for each in booked or ()), currency),
        str(found.get("reason") or ""),
    )


def refunded_charge(charge: Row) -> Told:
    """A charge of which something went back: how much in all."""
    currency = str(charge["currency"]).upper()
    amount, gone = ours(int(charge["amount"]), currency), ours(int(charge.get("amount_refunded") or 0), currency)
    state = State.REFUNDED if gone >= amount else State.PAID
    at = int(charge.get("created") or 0) * SECOND
    return Told(str(marks_of(charge).get("payment_id", "")), state, intent_of(charge), amount, currency, at, gone)


def theirs(amount: int, currency: str) -> int:
    """An amount in minor units as Stripe counts it. ProviderError if Stripe takes none so fine."""
    step = 10 if currency in IN_TENS else 100 if currency in IN_WHOLE else 1
    if amount % step:
        least = format_money(step * minor_unit(currency), currency)
        raise ProviderError(
            _("Stripe takes amounts in %(currency)s in steps of %(least)s.") % {"currency": currency, "least": least}
        )
    return amount * 100 if currency in IN_HUNDREDTHS else amount // 100 if currency in IN_WHOLE else amount


def ours(amount: int, currency: str) -> int:
    """An amount of Stripe's in minor units."""
    return amount // 100 if currency in IN_HUNDREDTHS else amount * 100 if currency in IN_WHOLE else amount


def paid_session(session: Any, at: int, gone: int | None = None) -> Told:
    """A session that was paid at a second since 1970, and of which so much went back since."""
    currency = str(session.currency).upper()
    intent, amount = session.payment_intent, ours(int(session.amount_total), currency)
    return Told(
        session.client_reference_id,
        State.REFUNDED if gone is not None and gone >= amount else State.PAID,
        intent if isinstance(intent, str) else intent.id,
        amount,
        currency,
        at * SECOND,
        gone,
    )
