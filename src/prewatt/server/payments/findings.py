"""The findings of the reconciliation, in words, with what a person is to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from .movement_sides import Sides
from .verdicts import Verdict

MATCHED, WAITS, ACT = "matched", "waits", "act"
"""The three grades of a finding: all sides agree; a side has not reported yet, which is no fault; a person must act."""

MESSAGES: dict[Verdict, tuple[str, str | Promise, str | Promise]] = {
    Verdict.MATCHED: (MATCHED, gettext_lazy("matched"), ""),
    Verdict.NO_FILE: (
        WAITS,
        gettext_lazy("no settlement file yet"),
        gettext_lazy("It is fetched by itself on the next day."),
    ),
    Verdict.NO_FILE_LATE: (
        ACT,
        gettext_lazy("settlement file not fetched"),
        gettext_lazy(
            "The provider has it, but it could not be fetched: check the merchant account's keys, then fetch it again."
        ),
    ),
    Verdict.NOT_AT_PROVIDER: (
        ACT,
        gettext_lazy("missing at the provider"),
        gettext_lazy(
            "The settlement file of that day does not have it. Look for the transaction in the "
            "provider's own pages; if it is not there either, write to the provider and give its number."
        ),
    ),
    Verdict.NOT_IN_LEDGER: (
        ACT,
        gettext_lazy("missing in the ledger"),
        gettext_lazy(
            "Nobody here asked for this payment. If it does not belong to another business on the same "
            "merchant account, refund it in the provider's pages."
        ),
    ),
    Verdict.AT_METER_ALONE: (
        WAITS,
        gettext_lazy("at the meter, not in the books"),
        gettext_lazy(
            "The meter has credited it, but this server was restored from a copy that does not have it. It is booked "
            "by itself within 15 minutes. To book it at once, open its alarm."
        ),
    ),
    Verdict.REFUND_NOT_IN_LEDGER: (
        ACT,
        gettext_lazy("refund missing in the ledger"),
        gettext_lazy(
            "No payment here belongs to this refund. If it does not belong to another business on the "
            "same merchant account, look in the provider's pages which payment it is for, and choose "
            "under Payments who bears it."
        ),
    ),
    Verdict.PAYOUT_NOT_IN_LEDGER: (
        ACT,
        gettext_lazy("payout not booked"),
        gettext_lazy("Upload the bank statement and book its line as a payout of this merchant account."),
    ),
    Verdict.DISPUTED: (
        ACT,
        gettext_lazy("disputed by the payer"),
        gettext_lazy(
            "The money is taken back until the dispute is decided. Answer in the provider's pages "
            "before the deadline there. If you win, the tenant gets the credit back. If you do not "
            "answer, mark it as dealt with under Payments."
        ),
    ),
    Verdict.ASKED_ABOUT: (
        ACT,
        gettext_lazy("the payer's bank asks about it"),
        gettext_lazy("No money is taken back yet. Answer in the provider's pages before the deadline there."),
    ),
    Verdict.TAKEN_BACK_WHOSE: (
        ACT,
        gettext_lazy("taken back, payment unknown"),
        gettext_lazy(
            "Look in the provider's pages which payment it belongs to, and choose under Payments who "
            "bears it, or that it is not yours."
        ),
    ),
    Verdict.TAKEN_BACK_DECIDE: (
        ACT,
        gettext_lazy("taken back, more than is left of the payment"),
        gettext_lazy(
            "Some of the payment went back before. Choose under Payments whether the tenant bears it or you do."
        ),
    ),
    Verdict.NOT_EXPLAINED: (
        ACT,
        gettext_lazy("the provider has moved money"),
        gettext_lazy(
            "Look in the provider's pages what it is for, and choose it under Payments: a cost, money "
            "from or to your bank, or not yours."
        ),
    ),
    Verdict.KEPT_BACK: (
        WAITS,
        gettext_lazy("kept back by the provider"),
        gettext_lazy("The provider holds this money as a reserve and releases it later."),
    ),
    Verdict.PAYOUT_FAILED: (
        ACT,
        gettext_lazy("a payout came back"),
        gettext_lazy("The money is at the provider again. Check your bank account in the provider's pages."),
    ),
    Verdict.AT_BANK: (
        ACT,
        gettext_lazy("in the statement, not booked"),
        gettext_lazy(
            "Book it under Bank statements: choose the tenant, or the payment that it takes back, or set it aside."
        ),
    ),
    Verdict.AMOUNT_DIFFERS: (
        ACT,
        gettext_lazy("amount differs"),
        gettext_lazy(
            "The provider's amount differs from the booked one: correct it by an adjustment, and ask the provider why."
        ),
    ),
    Verdict.HELD: (
        ACT,
        gettext_lazy("paid, not credited"),
        gettext_lazy("It waits under Payments: credit it to a tenancy, or send it back."),
    ),
    Verdict.UNEXPECTED: (
        ACT,
        gettext_lazy("paid twice, or not asked for"),
        gettext_lazy(
            "The money is at the provider: refund it in the provider's pages, then mark it as dealt "
            "with under Payments."
        ),
    ),
    Verdict.NOT_AT_METER: (
        WAITS,
        gettext_lazy("not at the meter yet"),
        gettext_lazy("It is applied as soon as the gateway is reached; until then the tenant can type the code."),
    ),
    Verdict.REFUSED_BY_METER: (
        ACT,
        gettext_lazy("refused by the meter"),
        gettext_lazy(
            "The tenant has paid and does not have the credit: give the credit freely with the reason, "
            "and settle the alarm."
        ),
    ),
    Verdict.METER_DIFFERS: (
        ACT,
        gettext_lazy("amount differs at the meter"),
        gettext_lazy(
            "The meter's journal has another amount than the books: see the unit's alarms, and do not "
            "sell to this meter until the reason is known."
        ),
    ),
    Verdict.ALARM: (
        ACT,
        gettext_lazy("alarm of a meter"),
        gettext_lazy("See the unit's page; settle it in Set-up > Alarms."),
    ),
}
"""For each verdict: its grade, what is said of it, and what to do next."""

KINDS = {
    "payment": gettext_lazy("payment"),
    "refund": gettext_lazy("refund"),
    "return": gettext_lazy("returned payment"),
    "dispute": gettext_lazy("dispute"),
    "payout": gettext_lazy("payout"),
    "alarm": gettext_lazy("alarm"),
}
"""The words for `Finding.what`."""


@dataclass(frozen=True)
class Finding:
    """One movement of money, as the provider, the ledger and the meter know it. `day`: the day of the movement.
    `source`: the merchant account or the bank. `what`: `payment`, `alarm`, or the kind of a settlement line. `name`:
    the name of the movement at its source. `who`: the tenancy, or the payer's name.
    """

    day: date
    source: str
    what: str
    name: str
    who: str
    sides: Sides
    verdict: Verdict
    detail: str = ""

    @property
    def what_in_words(self) -> str:
        """Return what it is, for people. A kind of line that only one provider has is called as it calls it."""
        return str(KINDS.get(self.what, self.what))

    @property
    def currency(self) -> str:
        """Return the currency code of the amounts."""
        return self.sides.currency

    @property
    def provider(self) -> int | None:
        """Return the provider's amount, nano; None if the provider does not know of the movement."""
        return self.sides.provider

    @property
    def ledger(self) -> int | None:
        """Return the ledger's amount, nano; None if the ledger does not have it."""
        return self.sides.ledger

    @property
    def meter(self) -> int | None:
        """Return the amount in the meter's journal, nano; None if it is not there."""
        return self.sides.meter

    @property
    def grade(self) -> str:
        """Return the grade: `matched`, `waits`, or `act` if a person must act."""
        return MESSAGES[self.verdict][0]

    @property
    def says(self) -> str:
        """Return what was found, for people."""
        return str(MESSAGES[self.verdict][1])

    @property
    def next(self) -> str:
        """Return what to do next, for people; empty if nothing is to be done."""
        return str(MESSAGES[self.verdict][2])
