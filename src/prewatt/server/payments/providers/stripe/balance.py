"""Stripe's balance transactions, which are its settlement file, with one line each if it is ours.

Rules: https://docs.stripe.com/reports/balance-transaction-types
"""

from __future__ import annotations

from .....kernel.units import SECOND
from ..interface import ADJUSTMENT, DISPUTE, FEE, OTHER, PAYMENT, PAYOUT, REFUND, RESERVE, RETURN, Line
from .objects import Row, intent_of, marks_of, ours

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
"""The kind of a line, by the type in https://docs.stripe.com/reports/balance-transaction-types"""
OF_A_SOURCE = {"dispute": DISPUTE, "refund": REFUND}
"""The kind of an adjustment, by the object that it belongs to."""


def is_anothers(row: Row) -> bool:
    """Return whether a row belongs to another business on the same account: then its payment has no mark of ours. Money
    that people or banks take back has no mark itself; its charge has one if it is ours.
    """
    source = row["source"]
    if not isinstance(source, dict):
        return False
    if KINDS.get(row["type"]) == PAYMENT:
        return not marks_of(source).get("payment_id")
    charge = source.get("charge")
    return isinstance(charge, dict) and not (marks_of(source) | marks_of(charge)).get("payment_id")


def line_of(row: Row) -> Line:
    """Return a balance transaction as a line. Its object (`source`) says more, if Stripe has sent it in full."""
    source: Row | None = row["source"] if isinstance(row["source"], dict) else None
    kind = KINDS.get(row["type"], OTHER)
    if kind == ADJUSTMENT and source is not None:
        kind = OF_A_SOURCE.get(str(source.get("object")), kind)
    if kind in (PAYMENT, REFUND, RETURN, DISPUTE) and source is not None:
        return _line_of_payment(row, kind, source)
    currency, name = str(row["currency"]).upper(), str(row["id"])
    return Line(
        name,
        kind,
        "",
        name,
        ours(int(row["amount"]), currency),
        ours(int(row["fee"]), currency),
        currency,
        int(row["created"]) * SECOND,
        str(source["id"]) if kind == PAYOUT and source is not None else "",
        _text(row),
    )


def _line_of_payment(row: Row, kind: str, source: Row) -> Line:
    """Return the line of what the payer paid or took back, in the payer's currency; the row itself is in the account's
    currency.
    """
    currency = str(source["currency"]).upper()
    amount = int(source["amount"]) if int(row["amount"]) >= 0 else -int(source["amount"])
    charge = source.get("charge")
    marks = (marks_of(charge) if isinstance(charge, dict) else {}) | marks_of(source)
    back_id = "" if kind == PAYMENT else str(marks.get("refund_id") or source["id"])
    # The money of a failed refund, and each booking of a dispute, has a line of its own.
    named_by_refund = kind in (REFUND, RETURN) and amount < 0
    return Line(
        back_id if named_by_refund else str(row["id"]),
        kind,
        str(marks.get("payment_id", "")),
        intent_of(source),
        ours(amount, currency),
        ours(int(row["fee"]), currency) if currency == str(row["currency"]).upper() else 0,
        currency,
        int(row["created"]) * SECOND,
        back_id,
        _text(row),
    )


def _text(row: Row) -> str:
    return str(row.get("description") or row["type"])
