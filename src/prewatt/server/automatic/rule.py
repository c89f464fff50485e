"""When an automatic top-up is due. A rule without I/O: facts come in, a verdict goes out.

It never pays twice for the same: at most once a local day, not while a payment is open, and what is paid and on its way to
the meter counts as if it were there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MOST_FAILURES = 3
"""So many refused payments, one after the other, pause a rule."""


@dataclass(frozen=True)
class Terms:
    """What a tenant has agreed to: they pay `amount` (nano) when the credit lasts less than `under_days` days, and at
    most `most_a_month` (nano) in a local month.
    """

    amount: int
    under_days: int
    most_a_month: int


@dataclass(frozen=True)
class Facts:
    """How a flat stands. `room`: what may still be used (nano), with all that is paid and on its way. `days_left`: for how many
    days that lasts, None if too little is known of the use. `is_low`: it is under the landlord's own reminder.
    `is_open`: a payment for the flat is not settled yet. `was_today`: the rule has asked for a payment today. `in_month`: what
    it has paid in the local month (nano). `is_cut`: the power was cut off, and would not return by all that is paid.
    """

    room: int
    days_left: int | None
    is_low: bool
    is_open: bool
    was_today: bool
    in_month: int
    is_cut: bool = False


class Verdict(Enum):
    """What a rule says to the facts."""

    DUE = "due"
    ENOUGH = "enough"
    OPEN = "open"
    TODAY = "today"
    MONTH = "month"


def verdict(terms: Terms, facts: Facts) -> Verdict:
    """Return whether a payment is due, or why not: there is enough, a payment is open, there was one today, or the
    month's most is reached.
    """
    if not _is_low(terms, facts):
        return Verdict.ENOUGH
    if facts.is_open:
        return Verdict.OPEN
    if facts.was_today:
        return Verdict.TODAY
    return Verdict.DUE if facts.in_month + terms.amount <= terms.most_a_month else Verdict.MONTH


def _is_low(terms: Terms, facts: Facts) -> bool:
    if facts.room <= 0 or facts.is_cut:
        # After a cut-off a little credit lasts for ever, since nothing is used in the dark.
        return True
    return facts.is_low if facts.days_left is None else facts.days_left < terms.under_days
