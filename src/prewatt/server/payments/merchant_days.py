"""The reconciliation of one merchant account: each line of its settlement files, and each movement in the books that
must have a line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet, Sum

from ...kernel.calendar import zone
from ...kernel.span import Span
from ..core.spans import during
from ..ledger.models import Transfer
from ..ledger.references import Of, Part
from ..vending.models import Command
from .books import clearing, credit_at_meter
from .findings import Finding
from .models import BankLine, Merchant, Payment, RefundPart, SettlementLine, TakenBack, Unexpected
from .movement_sides import Carriage, File, Sides, Standing
from .providers import PROVIDERS
from .providers.interface import FEE, PAYMENT, PAYOUT, REFUND, RESERVE
from .refunds import held_number
from .settlement import CAUSES, UNKNOWN, days_due, provider_day, whole_days
from .sides import at_meters, booked, carriage_of, parts
from .verdicts import WITHOUT_LINE, Verdict, debit_verdict, verdict

PAYOUT_DAYS = 10
"""The most days that a payout takes to reach the bank."""
MOST_DAYS = 400
"""The most days of one reconciliation."""
OPEN_BACKS = {
    TakenBack.State.WAITING: Verdict.TAKEN_BACK_WHOSE,
    TakenBack.State.ASKED: Verdict.ASKED_ABOUT,
    TakenBack.State.DECIDE: Verdict.TAKEN_BACK_DECIDE,
}
"""The verdict for money that is taken back and not booked, by its state."""


def _ledger(row: TakenBack, sign: int) -> int | None:
    """Return the books' amount for money that was taken back (`sign` below zero), or for the part that
    came back; nano.
    """
    state = row.within.state if row.within is not None else row.state
    if state not in TakenBack.BOOKED:
        return None
    return -row.amount if sign < 0 else row.returned


class _Sent(NamedTuple):
    """`amount` nano of a payment that went back from here at an instant."""

    at: int
    amount: int
    payment: Payment


def _in_books(payments: Collection[Payment]) -> dict[int, int]:
    """Return the amounts (nano) of payments in the books, by primary key: credited, or else held."""
    credited = booked(Of.TOP_UP, (each.top_up_id for each in payments if each.top_up_id))
    held = booked(Of.PAYMENT, (each.pk for each in payments), Part.HELD)
    transfers = {each.pk: credited.get(each.top_up_id or 0) or held.get(each.pk) for each in payments}
    return {pk: transfer.amount for pk, transfer in transfers.items() if transfer is not None}


def _at_meters(payments: Collection[Payment]) -> dict[int, int | None]:
    """Return the amounts (nano) of payments at their meters, by primary key; None if a meter does not have it."""
    top_ups = {each.pk: each.top_up for each in payments if each.top_up}
    amounts = at_meters(each.command for each in top_ups.values())
    return {pk: amounts.get(each.command_id or 0) for pk, each in top_ups.items()}


def _other_verdict(line: SettlementLine, is_booked: bool, is_kept: bool) -> Verdict:
    """Return the verdict on a fee, a reserve (`is_kept`: the provider has one now), or a line that only a person can
    explain.
    """
    if line.kind == RESERVE:
        return Verdict.KEPT_BACK if is_kept else Verdict.MATCHED
    is_explained = is_booked or not line.amount if line.kind == FEE else bool(line.means)
    return Verdict.MATCHED if is_explained else Verdict.NOT_EXPLAINED


class MerchantDays:
    """The settlement lines of a merchant account from a first to a last day, with the books' movements of the same
    days.
    """

    def __init__(self, merchant: Merchant, first: date, last: date) -> None:
        self.merchant, self.first, self.last = merchant, first, last
        place = zone(PROVIDERS[merchant.provider].zone)
        self.span = Span.of_days(first, last, place)
        self.fetched = whole_days(merchant)
        self.late = set(days_due(merchant, MOST_DAYS))
        self.lines: dict[tuple[str, str], SettlementLine] = {}
        rows = SettlementLine.objects.filter(merchant=merchant)
        for line in rows.filter(during(self.span)):
            self._keep(line)

    def _keep(self, line: SettlementLine) -> None:
        self.lines[line.kind, line.payment_id if line.kind == PAYMENT else line.line_id] = line

    def _lines_of(self, kind: str, names: Iterable[str]) -> None:
        # A payment at midnight may be in the file of the next or the last day.
        at = "payment_id__in" if kind == PAYMENT else "line_id__in"
        for part in parts(name for name in names if (kind, name) not in self.lines):
            for line in SettlementLine.objects.filter(merchant=self.merchant, kind=kind, **{at: part}):
                self._keep(line)

    def _file(self, at: int) -> File:
        """Return whether the settlement file of an instant's day is fetched, awaited or late."""
        day = provider_day(self.merchant, at)
        if day in self.fetched:
            return File.FETCHED
        return File.LATE if day in self.late else File.AWAITED

    def _without_line(self, at: int) -> Verdict:
        return WITHOUT_LINE[self._file(at)]

    def findings(self) -> list[Finding]:
        """Return the findings of all movements of these days: payments, refunds, money taken back, payouts, other
        lines, and payments that nobody asked for.
        """
        return [
            *self._payments(),
            *self._refunds(),
            *self._taken_back(),
            *self._payouts(),
            *self._others(),
            *self._unexpected(),
        ]

    def _finding(
        self, at: int, what: str, name: str, who: str, sides: Sides, verdict: Verdict, detail: str = ""
    ) -> Finding:
        day = provider_day(self.merchant, at)
        return Finding(day, str(self.merchant), what, name, who, sides, verdict, detail)

    def _payments(self) -> Iterable[Finding]:
        payments = self._paid()
        self._lines_of(PAYMENT, payments)
        ledger, meter = _in_books(payments.values()), _at_meters(payments.values())
        for payment in payments.values():
            at = self._at(payment)
            if self.first <= provider_day(self.merchant, at) <= self.last:
                yield self._of_payment(payment, at, ledger.get(payment.pk), meter.get(payment.pk))
        for (kind, name), line in self.lines.items():
            if kind == PAYMENT and name not in payments:
                yield self._of_nobody(line, name)

    def _at(self, payment: Payment) -> int:
        line = self.lines.get((PAYMENT, payment.payment_id))
        return payment.paid_at if payment.paid_at is not None else line.at if line else payment.made_at

    def _of_payment(self, payment: Payment, at: int, ledger: int | None, meter: int | None) -> Finding:
        line, top_up = self.lines.get((PAYMENT, payment.payment_id)), payment.top_up
        sides = Sides(payment.currency, line.amount if line else None, ledger, meter)
        standing = Standing(
            self._file(at),
            payment.state == Payment.State.HELD,
            carriage_of(top_up.command) if top_up else Carriage.NONE,
            top_up.amount if top_up else 0,
        )
        outcome = verdict(sides, standing)
        return self._finding(
            at, "payment", payment.payment_id, str(payment.tenancy), sides, outcome, payment.reason_in_words
        )

    def _paid(self) -> dict[str, Payment]:
        """Return by name the payments of these days, and the payments that a line names."""
        rows = Payment.objects.filter(merchant=self.merchant).select_related(
            "top_up__command", "tenancy__unit__property"
        )
        payments = {each.payment_id: each for each in rows.filter(during(self.span, "paid_at"))}
        for part in parts(name for kind, name in self.lines if kind == PAYMENT and name not in payments):
            payments |= {each.payment_id: each for each in rows.filter(payment_id__in=part)}
        return payments

    def _of_nobody(self, line: SettlementLine, name: str) -> Finding:
        """Return the finding for a line whose payment the books do not know. The meter may know it."""
        credit = credit_at_meter(self.merchant, name)
        sides = Sides(line.currency, line.amount, None, credit.data["amount"] if credit else None)
        outcome = Verdict.AT_METER_ALONE if credit else Verdict.NOT_IN_LEDGER
        who = credit.who if credit else ""
        return self._finding(line.at, "payment", name or line.line_id, who, sides, outcome, line.provider_id)

    def _refunds(self) -> Iterable[Finding]:
        """Yield the findings of the refunds that were sent from here."""
        parts = RefundPart.objects.filter(payment__merchant=self.merchant, sent_at__isnull=False).select_related(
            "payment__tenancy__unit__property"
        )
        refunds = {part.number: _Sent(part.sent_at or 0, part.amount, part.payment) for part in parts}
        refunds |= self._sent_whole()
        self.sent = refunds.keys()
        self.failed = {part.number: part for part in parts if part.has_failed}
        self._lines_of(REFUND, refunds)
        for number, (sent_at, amount, payment) in refunds.items():
            line = self.lines.get((REFUND, number))
            at = line.at if line else sent_at
            if self.span.holds(at):
                sides = Sides(payment.currency, line.amount if line else None, -amount)
                outcome = verdict(sides, Standing(self._file(sent_at)))
                yield self._finding(at, "refund", number, str(payment.tenancy), sides, outcome)

    def _sent_whole(self) -> dict[str, _Sent]:
        """Return the held payments that went back whole, by the number of the refund."""
        backs = Transfer.objects.filter(of=Of.PAYMENT, part=Part.BACK, credit_account=clearing(self.merchant))
        returned = {each.number or 0: each for each in backs}
        payments = Payment.objects.filter(pk__in=returned).select_related("tenancy__unit__property")
        return {held_number(each): _Sent(returned[each.pk].at, returned[each.pk].amount, each) for each in payments}

    def _taken_back(self) -> Iterable[Finding]:
        """Yield the findings of money that others took back: first by line, then what no line names yet."""
        lines = [line for line in self.lines.values() if line.kind in CAUSES and line.line_id not in self.sent]
        rows = TakenBack.objects.filter(merchant=self.merchant).select_related(
            "payment__tenancy__unit__property", "top_up__tenancy__unit__property", "within__command", "command"
        )
        known = self._named_by(lines, rows)
        reported = set()
        for line in lines:
            row = known.get(line.back_id) or known.get(line.line_id)
            if row is not None:
                reported.add(row.pk)
            if self.span.holds(line.at):
                yield self._line_of_back(line, row)
        for row in rows.filter(during(self.span)).exclude(pk__in=reported):
            if not self._stands_elsewhere(row):
                yield self._without_its_line(row)

    @staticmethod
    def _named_by(lines: Iterable[SettlementLine], rows: QuerySet[TakenBack]) -> dict[str, TakenBack]:
        """Return the rows that lines name, by name."""
        names = {name for line in lines for name in (line.back_id, line.line_id) if name}
        return {row.back_id: row for some in parts(names) for row in rows.filter(back_id__in=some)}

    def _stands_elsewhere(self, row: TakenBack) -> bool:
        """Return whether a line of other days names this money, or lines name all of its parts."""
        lines = SettlementLine.objects.filter(merchant=self.merchant, kind__in=CAUSES)
        named = lines.filter(Q(back_id=row.back_id) | Q(line_id=row.back_id)).exists()
        return named or sum(part.amount for part in row.parts.all()) == row.amount

    def _without_its_line(self, row: TakenBack) -> Finding:
        outcome = self._state_of(row)
        if outcome == Verdict.MATCHED and row.state != TakenBack.State.EXPLAINED:
            outcome = self._without_line(row.at)
        sides = Sides(row.currency, None, _ledger(row, -1), self._meter(row))
        return self._finding(row.at, row.cause, row.back_id, row.who, sides, outcome, row.reason)

    def _line_of_back(self, line: SettlementLine, row: TakenBack | None) -> Finding:
        if row is None:
            return self._line_of_unknown(line)
        ledger, outcome = _ledger(row, line.amount), self._state_of(row)
        if ledger is not None and abs(ledger) != abs(line.amount) and row.state != TakenBack.State.EXPLAINED:
            outcome = Verdict.AMOUNT_DIFFERS
        sides = Sides(line.currency, line.amount, ledger, self._meter(row) if line.amount < 0 else None)
        return self._finding(line.at, line.kind, line.back_id or line.line_id, row.who, sides, outcome, row.reason)

    def _line_of_unknown(self, line: SettlementLine) -> Finding:
        """Return the finding for a line of money taken back that the books do not have: a refund of ours that failed,
        or something unknown.
        """
        part = self.failed.get(line.back_id)
        who = str(part.payment.tenancy) if part is not None else line.payment_id
        sides = Sides(line.currency, line.amount, part.amount if part is not None else None)
        same = part is not None and line.amount == part.amount
        outcome = Verdict.MATCHED if same else Verdict.REFUND_NOT_IN_LEDGER
        return self._finding(line.at, line.kind, line.back_id or line.line_id, who, sides, outcome, line.provider_id)

    def _meter(self, row: TakenBack) -> int | None:
        return -row.debited if row.command is not None and row.command.state == Command.State.APPLIED else None

    def _state_of(self, row: TakenBack) -> Verdict:
        state = row.within.state if row.within is not None else row.state
        if row.closed_at is None and state in OPEN_BACKS:
            return OPEN_BACKS[TakenBack.State(state)]
        if row.closed_at is None and row.cause == TakenBack.Cause.DISPUTE:
            return Verdict.DISPUTED
        return debit_verdict(carriage_of(row.command))

    def _payouts(self) -> Iterable[Finding]:
        lines = [line for (kind, _name), line in self.lines.items() if kind == PAYOUT]
        came_in = list(self.merchant.payouts.order_by("day", "pk"))
        # A failed payout and its return have the same name and sum to zero.
        failed = self._failed_payouts(lines)
        for line in sorted(lines, key=lambda each: each.at):
            if line.back_id in failed or line.amount > 0:
                outcome = Verdict.MATCHED if line.amount < 0 else Verdict.PAYOUT_FAILED
                sides = Sides(line.currency, line.amount, None)
                yield self._finding(line.at, "payout", line.line_id, "", sides, outcome, line.text)
                continue
            mine = self._arrived(line, came_in)
            if mine is not None:
                came_in.remove(mine)
            outcome = Verdict.MATCHED if mine else Verdict.PAYOUT_NOT_IN_LEDGER
            sides = Sides(line.currency, line.amount, -mine.amount if mine else None)
            yield self._finding(line.at, "payout", line.line_id, "", sides, outcome)

    def _arrived(self, payout: SettlementLine, came_in: Iterable[BankLine]) -> BankLine | None:
        """Return the line of the bank by which a payout came in; None if there is none."""
        day = provider_day(self.merchant, payout.at)
        last = day + timedelta(days=PAYOUT_DAYS)
        return next((each for each in came_in if each.amount == -payout.amount and day <= each.day <= last), None)

    def _failed_payouts(self, lines: list[SettlementLine]) -> set[str]:
        names = {line.back_id for line in lines if line.back_id}
        rows = SettlementLine.objects.filter(merchant=self.merchant, kind=PAYOUT, amount__gt=0)
        return {
            name for some in parts(names) for name in rows.filter(back_id__in=some).values_list("back_id", flat=True)
        }

    def _others(self) -> Iterable[Finding]:
        """Yield the findings of lines that are no payment and no payout: fees, reserves, and what only a person can
        explain.
        """
        lines = [line for line in self.lines.values() if line.kind in (FEE, RESERVE, *UNKNOWN)]
        fees, moved = booked(Of.FEE, (line.pk for line in lines)), booked(Of.LINE, (line.pk for line in lines))
        kept = SettlementLine.objects.filter(merchant=self.merchant, kind=RESERVE).aggregate(sum=Sum("amount"))["sum"]
        for line in lines:
            transfer = fees.get(line.pk) or moved.get(line.pk)
            sign = 1 if line.amount > 0 else -1
            outcome = _other_verdict(line, transfer is not None, bool(kept))
            sides = Sides(line.currency, line.amount, sign * transfer.amount if transfer else None)
            yield self._finding(line.at, line.kind, line.line_id, "", sides, outcome, line.text)

    def _unexpected(self) -> Iterable[Finding]:
        rows = Unexpected.objects.filter(during(self.span), merchant=self.merchant, is_resolved=False)
        for each in rows.select_related("payment__tenancy__unit__property"):
            who = str(each.payment.tenancy) if each.payment else ""
            sides = Sides(each.currency, each.amount, None)
            yield self._finding(
                each.at, "payment", each.provider_id, who, sides, Verdict.UNEXPECTED, each.reason_in_words
            )
