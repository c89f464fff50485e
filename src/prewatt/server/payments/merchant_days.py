"""A merchant account's days: each line of its settlement files, and each thing of the books that should be one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Q, Sum

from ...kernel.calendar import day_bounds, zone
from ..ledger.models import Transfer
from ..ledger.references import Of, Part
from ..vending.models import Command
from .books import clearing, credit_at_meter
from .findings import Finding
from .models import Merchant, Payment, RefundPart, SettlementLine, TakenBack, Unexpected
from .providers import PROVIDERS
from .providers.interface import FEE, PAYMENT, PAYOUT, REFUND, RESERVE
from .refunds import held_number
from .settlement import CAUSES, UNKNOWN, days_due, provider_day, whole_days
from .sides import at_meters, booked, meter_verdict, parts

PAYOUT_DAYS = 10
"""Days that a payout takes to the bank at most."""
MOST_DAYS = 400
"""Days that can be reconciled in one go."""
OPEN_BACKS = {
    TakenBack.State.WAITING: "taken back, whose",
    TakenBack.State.ASKED: "asked about",
    TakenBack.State.DECIDE: "taken back, decide",
}
"""What is said of money taken back that is not booked."""


def _ledger(row: TakenBack, sign: int) -> int | None:
    """What the books say of money taken back (`sign` under zero), or of what of it came back."""
    state = row.within.state if row.within is not None else row.state
    if state not in TakenBack.BOOKED:
        return None
    return -row.amount if sign < 0 else row.returned


class MerchantDays:
    """A merchant account's days."""

    def __init__(self, merchant: Merchant, first: date, last: date) -> None:
        self.merchant, self.first, self.last = merchant, first, last
        place = zone(PROVIDERS[merchant.provider].zone)
        self.begin, self.end = day_bounds(first, place)[0], day_bounds(last, place)[1]
        self.fetched = whole_days(merchant)
        self.late = set(days_due(merchant, MOST_DAYS))
        self.lines: dict[tuple[str, str], SettlementLine] = {}
        rows = SettlementLine.objects.filter(merchant=merchant)
        for line in rows.filter(at__gte=self.begin, at__lt=self.end):
            self._keep(line)

    def _keep(self, line: SettlementLine) -> None:
        self.lines[line.kind, line.payment_id if line.kind == PAYMENT else line.line_id] = line

    def _lines_of(self, kind: str, names: Iterable[str]) -> None:
        # What was paid at midnight may stand in the neighbour's file.
        at = "payment_id__in" if kind == PAYMENT else "line_id__in"
        for part in parts(name for name in names if (kind, name) not in self.lines):
            for line in SettlementLine.objects.filter(merchant=self.merchant, kind=kind, **{at: part}):
                self._keep(line)

    def _without_line(self, day: date) -> str:
        if day in self.fetched:
            return "not at the provider"
        return "no file, late" if day in self.late else "no file"

    def findings(self) -> list[Finding]:
        return [
            *self._payments(), *self._refunds(), *self._taken_back(), *self._payouts(), *self._others(), *self._unexpected(),
        ]  # fmt: skip

    def _finding(
        self, at: int, what: str, name: str, who: str, currency: str, provider: int | None, ledger: int | None, meter: int | None,
        verdict: str, detail: str = "",
    ) -> Finding:  # fmt: skip
        day = provider_day(self.merchant, at)
        return Finding(day, str(self.merchant), what, name, who, currency, provider, ledger, meter, verdict, detail)

    def _payments(self) -> Iterable[Finding]:
        rows = Payment.objects.filter(merchant=self.merchant).select_related(
            "top_up__command", "tenancy__unit__property"
        )
        payments = {each.payment_id: each for each in rows.filter(paid__gte=self.begin, paid__lt=self.end)}
        for part in parts(name for kind, name in self.lines if kind == PAYMENT and name not in payments):
            payments |= {each.payment_id: each for each in rows.filter(payment_id__in=part)}
        self._lines_of(PAYMENT, payments)
        credited = booked(Of.TOP_UP, (each.top_up_id for each in payments.values() if each.top_up_id))
        held = booked(Of.PAYMENT, (each.pk for each in payments.values()), Part.HELD)
        brought = at_meters(each.top_up.command for each in payments.values() if each.top_up)
        for name, payment in payments.items():
            line = self.lines.get((PAYMENT, name))
            top_up = payment.top_up
            transfer = (credited.get(top_up.pk) if top_up else None) or held.get(payment.pk)
            ledger = transfer.amount if transfer else None
            meter = brought.get(top_up.command_id) if top_up else None
            at = payment.paid if payment.paid is not None else line.at if line else payment.made
            if ledger is None:
                verdict = "not in the ledger"
            elif line is not None and line.amount != ledger:
                verdict = "amount differs"
            elif payment.state == Payment.State.HELD:
                verdict = "held"
            elif top_up and (at_meter := meter_verdict(top_up.command, top_up.amount, meter)) != "matched":
                verdict = at_meter
            else:
                verdict = "matched" if line is not None else self._without_line(provider_day(self.merchant, at))
            if self.first <= provider_day(self.merchant, at) <= self.last:
                provider = line.amount if line else None
                yield self._finding(at, "payment", name, str(payment.tenancy), payment.currency, provider, ledger, meter, verdict,
                                    payment.reason)  # fmt: skip
        for (kind, name), line in self.lines.items():
            if kind == PAYMENT and name not in payments:
                found = credit_at_meter(self.merchant, name)
                yield self._finding(line.at, "payment", name or line.line_id, found.who if found else "", line.currency, line.amount, None,
                                    found.data["amount"] if found else None,
                                    "at the meter" if found else "not in the ledger", line.provider_id)  # fmt: skip

    def _refunds(self) -> Iterable[Finding]:
        """What was sent back from here."""
        parts = RefundPart.objects.filter(payment__merchant=self.merchant, sent__isnull=False).select_related(
            "payment__tenancy__unit__property"
        )
        sent = {part.number: (part.sent or 0, part.amount, part.payment) for part in parts}
        backs = Transfer.objects.filter(of=Of.PAYMENT, part=Part.BACK, credit_account=clearing(self.merchant))
        returned = {each.number or 0: each for each in backs}
        for payment in Payment.objects.filter(pk__in=returned).select_related("tenancy__unit__property"):
            transfer = returned[payment.pk]
            sent[held_number(payment)] = transfer.at, transfer.amount, payment
        self.sent = sent.keys()
        self.failed = {part.number: part for part in parts if part.failed}
        self._lines_of(REFUND, sent)
        for number, (at, amount, payment) in sent.items():
            line = self.lines.get((REFUND, number))
            if not self.begin <= (line.at if line else at) < self.end:
                continue
            if line is None:
                verdict = self._without_line(provider_day(self.merchant, at))
            else:
                verdict = "matched" if -line.amount == amount else "amount differs"
            yield self._finding(line.at if line else at, "refund", number, str(payment.tenancy),
                                payment.currency, line.amount if line else None, -amount, None, verdict)  # fmt: skip

    def _taken_back(self) -> Iterable[Finding]:
        """What others took back: by line, and what no line tells of yet."""
        lines = [line for line in self.lines.values() if line.kind in CAUSES and line.line_id not in self.sent]
        names = {name for line in lines for name in (line.back_id, line.line_id) if name}
        rows = TakenBack.objects.filter(merchant=self.merchant).select_related(
            "payment__tenancy__unit__property", "top_up__tenancy__unit__property", "within__command", "command"
        )
        known = {row.back_id: row for some in parts(names) for row in rows.filter(back_id__in=some)}
        told = set()
        for line in lines:
            row = known.get(line.back_id) or known.get(line.line_id)
            if row is not None:
                told.add(row.pk)
            if self.begin <= line.at < self.end:
                yield self._line_of_back(line, row)
        for row in rows.filter(at__gte=self.begin, at__lt=self.end).exclude(pk__in=told):
            named = SettlementLine.objects.filter(merchant=self.merchant, kind__in=CAUSES)
            if (
                named.filter(Q(back_id=row.back_id) | Q(line_id=row.back_id)).exists()
                or sum(part.amount for part in row.parts.all()) == row.amount
            ):
                continue
            verdict = self._state_of(row)
            if verdict == "matched" and row.state != TakenBack.State.EXPLAINED:
                verdict = self._without_line(provider_day(self.merchant, row.at))
            yield self._finding(row.at, row.cause, row.back_id, row.who, row.currency, None, _ledger(row, -1),
                                self._meter(row), verdict, row.reason)  # fmt: skip

    def _line_of_back(self, line: SettlementLine, row: TakenBack | None) -> Finding:
        name = line.back_id or line.line_id
        if row is None:
            part = self.failed.get(line.back_id)
            same = part is not None and line.amount == part.amount
            who = str(part.payment.tenancy) if part is not None else line.payment_id
            return self._finding(line.at, line.kind, name, who, line.currency, line.amount, part.amount if part is not None else None,
                                 None, "matched" if same else "refund not in the ledger", line.provider_id)  # fmt: skip
        ledger, verdict = _ledger(row, line.amount), self._state_of(row)
        if ledger is not None and abs(ledger) != abs(line.amount) and row.state != TakenBack.State.EXPLAINED:
            verdict = "amount differs"
        meter = self._meter(row) if line.amount < 0 else None
        return self._finding(
            line.at, line.kind, name, row.who, line.currency, line.amount, ledger, meter, verdict, row.reason
        )  # fmt: skip

    def _meter(self, row: TakenBack) -> int | None:
        return -row.debited if row.command is not None and row.command.state == Command.State.APPLIED else None

    def _state_of(self, row: TakenBack) -> str:
        state = row.within.state if row.within is not None else row.state
        if row.closed is None and state in OPEN_BACKS:
            return OPEN_BACKS[TakenBack.State(state)]
        if row.closed is None and row.cause == TakenBack.Cause.DISPUTE:
            return "disputed"
        if row.command is not None and row.command.state != Command.State.APPLIED:
            return "refused by the meter" if row.command.state == Command.State.REJECTED else "not at the meter"
        return "matched"

    def _payouts(self) -> Iterable[Finding]:
        lines = [line for (kind, _name), line in self.lines.items() if kind == PAYOUT]
        came_in = list(self.merchant.payouts.order_by("day", "pk"))
        # One that failed, and what came back of it, is of one name and nothing in all.
        failed = self._failed_payouts(lines)
        for line in sorted(lines, key=lambda each: each.at):
            if line.back_id in failed or line.amount > 0:
                verdict = "matched" if line.amount < 0 else "payout failed"
                yield self._finding(
                    line.at, "payout", line.line_id, "", line.currency, line.amount, None, None, verdict, line.text
                )
                continue
            day = provider_day(self.merchant, line.at)
            fits = (
                each for each in came_in
                if each.amount == -line.amount and day <= each.day <= day + timedelta(days=PAYOUT_DAYS)
            )  # fmt: skip
            mine = next(fits, None)
            if mine is not None:
                came_in.remove(mine)
            yield self._finding(line.at, "payout", line.line_id, "", line.currency, line.amount, -mine.amount if mine else None, None,
                                "matched" if mine else "payout not in the ledger")  # fmt: skip

    def _failed_payouts(self, lines: list[SettlementLine]) -> set[str]:
        names = {line.back_id for line in lines if line.back_id}
        rows = SettlementLine.objects.filter(merchant=self.merchant, kind=PAYOUT, amount__gt=0)
        return {
            name for some in parts(names) for name in rows.filter(back_id__in=some).values_list("back_id", flat=True)
        }

    def _others(self) -> Iterable[Finding]:
        """What is neither of a payment nor paid out: fees alone, reserves, and what only a person can know."""
        lines = [line for line in self.lines.values() if line.kind in (FEE, RESERVE, *UNKNOWN)]
        fees, moved = booked(Of.FEE, (line.pk for line in lines)), booked(Of.LINE, (line.pk for line in lines))
        kept = SettlementLine.objects.filter(merchant=self.merchant, kind=RESERVE).aggregate(sum=Sum("amount"))["sum"]
        for line in lines:
            transfer = fees.get(line.pk) or moved.get(line.pk)
            sign = 1 if line.amount > 0 else -1
            if line.kind == FEE:
                verdict = "matched" if transfer is not None or not line.amount else "not explained"
            elif line.kind == RESERVE:
                verdict = "kept back" if kept else "matched"
            else:
                verdict = "matched" if line.means else "not explained"
            yield self._finding(line.at, line.kind, line.line_id, "", line.currency, line.amount,
                                sign * transfer.amount if transfer else None, None, verdict, line.text)  # fmt: skip

    def _unexpected(self) -> Iterable[Finding]:
        rows = Unexpected.objects.filter(merchant=self.merchant, settled=False, at__gte=self.begin, at__lt=self.end)
        for each in rows.select_related("payment__tenancy__unit__property"):
            who = str(each.payment.tenancy) if each.payment else ""
            yield self._finding(
                each.at,
                "payment",
                each.provider_id,
                who,
                each.currency,
                each.amount,
                None,
                None,
                "unexpected",
                each.reason,
            )
