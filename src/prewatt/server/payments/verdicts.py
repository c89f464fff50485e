"""The verdict on a movement of money that three sides report: the provider, the ledger, the meter. This module does no
I/O.
"""

from __future__ import annotations

from enum import StrEnum

from .movement_sides import Carriage, File, Sides, Standing


class Verdict(StrEnum):
    """What the reconciliation says of a movement; `findings.MESSAGES` has the words for people."""

    MATCHED = "matched"
    NO_FILE = "no file"
    NO_FILE_LATE = "no file, late"
    NOT_AT_PROVIDER = "not at the provider"
    NOT_IN_LEDGER = "not in the ledger"
    AT_METER_ALONE = "at the meter"
    REFUND_NOT_IN_LEDGER = "refund not in the ledger"
    PAYOUT_NOT_IN_LEDGER = "payout not in the ledger"
    DISPUTED = "disputed"
    ASKED_ABOUT = "asked about"
    TAKEN_BACK_WHOSE = "taken back, whose"
    TAKEN_BACK_DECIDE = "taken back, decide"
    NOT_EXPLAINED = "not explained"
    KEPT_BACK = "kept back"
    PAYOUT_FAILED = "payout failed"
    AT_BANK = "at the bank"
    AMOUNT_DIFFERS = "amount differs"
    HELD = "held"
    UNEXPECTED = "unexpected"
    NOT_AT_METER = "not at the meter"
    REFUSED_BY_METER = "refused by the meter"
    METER_DIFFERS = "meter differs"
    ALARM = "alarm"


WITHOUT_LINE = {
    File.FETCHED: Verdict.NOT_AT_PROVIDER,
    File.AWAITED: Verdict.NO_FILE,
    File.LATE: Verdict.NO_FILE_LATE,
}
"""The verdict on a movement that has no settlement line, by the state of the file."""


def verdict(sides: Sides, standing: Standing) -> Verdict:
    """Return the verdict on a movement, the first that fits: it is not in the ledger, the provider has another amount, it is
    held, what `meter_verdict` finds, it has no settlement line. If none fits, it is matched. What waits for a gateway
    ends by itself: money that the provider does not have comes before it.
    """
    if sides.ledger is None:
        return Verdict.NOT_IN_LEDGER
    if sides.provider is not None and sides.provider != sides.ledger:
        return Verdict.AMOUNT_DIFFERS
    if standing.held:
        return Verdict.HELD
    at_provider = WITHOUT_LINE[standing.file] if sides.provider is None else Verdict.MATCHED
    at_meter = meter_verdict(sides.meter, standing)
    if at_meter == Verdict.NOT_AT_METER and at_provider not in (Verdict.MATCHED, Verdict.NO_FILE):
        return at_provider
    return at_meter if at_meter != Verdict.MATCHED else at_provider


def meter_verdict(brought: int | None, standing: Standing) -> Verdict:
    """Return the verdict on the meter's side alone. `brought`: the amount that the meter has, nano; None if it has
    nothing yet.
    """
    if standing.carriage == Carriage.NONE:
        return Verdict.MATCHED
    if standing.carriage == Carriage.REFUSED and brought is None:
        return Verdict.REFUSED_BY_METER
    # A code may have brought most of it: the command brings the rest.
    if brought is None or (brought < standing.due and standing.carriage == Carriage.WAITS):
        return Verdict.NOT_AT_METER
    return Verdict.MATCHED if brought == standing.due else Verdict.METER_DIFFERS


def debit_verdict(carriage: Carriage) -> Verdict:
    """Return the verdict on an amount that a command takes off at the meter."""
    return {
        Carriage.NONE: Verdict.MATCHED,
        Carriage.DONE: Verdict.MATCHED,
        Carriage.WAITS: Verdict.NOT_AT_METER,
        Carriage.REFUSED: Verdict.REFUSED_BY_METER,
    }[carriage]
