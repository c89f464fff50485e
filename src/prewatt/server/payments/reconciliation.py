"""Three ways to know what was paid, held against each other day by day: the provider's settlement file, the ledger, and
the meters' journals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.entries import CreditApplied, CreditByCode, Recognised, Refused, decode_command, decode_entry
from ..estate.models import Organisation, Property
from ..ledger.models import Transfer
from ..ledger.references import Of
from ..metering.models import JournalEntry, alarms_of
from ..time import now
from ..vending.models import Command, TopUp
from .models import Merchant, Payment, RefundPart, SettlementLine, Unexpected
from .paying import clearing, found_at_meter
from .providers import PROVIDERS
from .providers.interface import PAYMENT, PAYOUT, REFUND
from .settlement import days_due, provider_day

T = TypeVar("T")
MATCHED, WAITS, ACT = "matched", "waits", "act"
"""What a finding comes to: all sides agree; a side is not heard of yet, which is no fault; a person has to act."""
PAYOUT_DAYS = 10
"""Days that a payout takes to the bank at most."""
MOST_DAYS = 400

MESSAGES: dict[str, tuple[str, str | Promise, str | Promise]] = {
    "matched": (MATCHED, gettext_lazy("matched"), ""),
    "no file": (WAITS, gettext_lazy("no settlement file yet"), gettext_lazy("It comes on the day after, by itself.")),
    "no file, late": (
        ACT,
        gettext_lazy("settlement file not fetched"),
        gettext_lazy("It is there and could not be fetched: look at the merchant account's keys, then fetch it again."),
    ),
    "not at the provider": (
        ACT,
        gettext_lazy("missing at the provider"),
        gettext_lazy("The file of that day lacks it. Look in the provider's own pages for the transaction; if it is not "
                     "there either, write to the provider with its number."),
    ),
    "not in the ledger": (
        ACT,
        gettext_lazy("missing in the ledger"),
        gettext_lazy("Nothing here asked for it. If it is not another business's on the same merchant account, give it "
                     "back at the provider."),
    ),
    "at the meter": (
        WAITS,
        gettext_lazy("at the meter, not in the books"),
        gettext_lazy("The meter has credited it, and this server, put back from a copy, had forgotten it. It is booked by "
                     "itself within a quarter of an hour, or at once with its alarm."),
    ),
    "refund not in the ledger": (
        ACT,
        gettext_lazy("refund missing in the ledger"),
        gettext_lazy("It was sent back in the provider's own pages, or while the server was stopped: send the refund of "
                     "that tenant once more here, or decide one over the same amount and mark it as paid out."),
    ),
    "payout not in the ledger": (
        ACT,
        gettext_lazy("payout not booked"),
        gettext_lazy("Upload the bank statement and book its line as a payout of this merchant account."),
    ),
    "amount differs": (
        ACT,
        gettext_lazy("amount differs"),
        gettext_lazy("The provider counts another amount than was booked: correct it by an adjustment, and ask the "
                     "provider why."),
    ),
    "held": (
        ACT,
        gettext_lazy("paid, not credited"),
        gettext_lazy("It waits under Payments: credit it to a tenancy, or send it back."),
    ),
    "unexpected": (
        ACT,
        gettext_lazy("paid twice, or for nothing"),
        gettext_lazy("It lies at the provider: send it back in the provider's pages, then mark it as dealt with under "
                     "Payments."),
    ),
    "not at the meter": (
        WAITS,
        gettext_lazy("not at the meter yet"),
        gettext_lazy("It is applied as soon as the gateway is reached; until then the tenant can type the code."),
    ),
    "refused by the meter": (
        ACT,
        gettext_lazy("refused by the meter"),
        gettext_lazy("The tenant has paid and lacks the credit: give it freely with the reason, and settle the alarm."),
    ),
    "meter differs": (
        ACT,
        gettext_lazy("amount differs at the meter"),
        gettext_lazy("The journal says another amount than was booked: see the unit's alarms, and do not sell to this "
                     "meter until it is understood."),
    ),
    "alarm": (ACT, gettext_lazy("alarm of a meter"), gettext_lazy("See the unit's page; settle it in Set-up > Alarms.")),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One movement of money as the sides know it; amounts in nano, None where a side doesn't have it. `what`: payment,
    refund, payout or alarm.
    """

    day: date
    source: str
    what: str
    name: str
    who: str
    provider: int | None
    ledger: int | None
    meter: int | None
    verdict: str
    detail: str = ""

    @property
    def grade(self) -> str:
        """`matched`, `waits`, or `act`: a person has to."""
        return MESSAGES[self.verdict][0]

    @property
    def says(self) -> str:
        """What was found, for people."""
        return str(MESSAGES[self.verdict][1])

    @property
    def next(self) -> str:
        """What to do next, for people."""
        return str(MESSAGES[self.verdict][2])


class ReconciliationError(ValueError):
    """There is nothing to reconcile in these days; the message says why."""


def reconcile(organisation: Organisation, first: date, last: date) -> list[Finding]:
    """All that moved from one day to another (with both), by day: of a provider's account its own days, of cash and bank
    the property's. ReconciliationError if the days are none.
    """
    if last < first or (last - first).days >= MOST_DAYS:
        raise ReconciliationError(_("Give a first and a last day, at most %(most)d.") % {"most": MOST_DAYS})
    found = [*_received_by_staff(organisation, first, last), *_alarms(organisation, first, last)]
    for merchant in Merchant.objects.filter(organisation=organisation):
        found += _Merchant(merchant, first, last).findings()
    return sorted(found, key=lambda each: (each.day, each.source, each.what, each.name))


def _parts(values: Iterable[T]) -> Iterable[list[T]]:
    """So many at a time as a question to the database can name."""
    every = list(values)
    return (every[start : start + 500] for start in range(0, len(every), 500))


def at_meters(commands: Iterable[Command]) -> dict[int, int]:
    """What the meters' journals say that commands brought, in nano by command: by whichever carrier. Of a command that no
    entry shows yet, none.
    """
    wanted = list(commands)
    places = {(each.meter_id, seq) for each in wanted for seq in (each.applied_seq, each.coded_seq) if seq is not None}
    entries: dict[tuple[int, int], bytes] = {}
    by_meter: dict[int, list[int]] = defaultdict(list)
    for meter, seq in places:
        by_meter[meter].append(seq)
    for meter, seqs in by_meter.items():
        for part in _parts(seqs):
            rows = JournalEntry.objects.filter(meter_id=meter, seq__in=part)
            entries |= {(meter, seq): bytes(body) for seq, body in rows.values_list("seq", "body")}
    brought = {}
    for each in wanted:
        bodies = [
            None if seq is None else entries.get((each.meter_id, seq)) for seq in (each.applied_seq, each.coded_seq)
        ]
        shown = [None if body is None else decode_entry(body) for body in bodies]
        amounts = [entry.amount for entry in shown if isinstance(entry, CreditApplied | CreditByCode)]
        if isinstance(shown[0], Recognised | Refused) and each.state == Command.State.APPLIED:
            # All of it was there before, by its code, or by a command that a server put back from a copy had forgotten.
            amounts = [getattr(getattr(decode_command(bytes(each.body)), "order", None), "amount", 0)]
        if amounts:
            brought[each.pk] = sum(amounts)
    return brought


def _booked(of: Of, numbers: Iterable[int], part: str = "") -> dict[int, Transfer]:
    """The ledger's transfers of things of one kind, by their numbers."""
    return {
        each.number or 0: each
        for some in _parts(numbers)
        for each in Transfer.objects.filter(of=of, number__in=some, part=part).select_related("debit_account")
    }


def _meter_verdict(command: Command, amount: int, brought: int | None) -> str:
    if command.state == Command.State.REJECTED and brought is None:
        return "refused by the meter"
    # A code may have brought most of it: the command brings the rest.
    if brought is None or (brought < amount and command.state in (Command.State.QUEUED, Command.State.SENT)):
        return "not at the meter"
    return "matched" if brought == amount else "meter differs"


def _received_by_staff(organisation: Organisation, first: date, last: date) -> list[Finding]:
    found = []
    for where in Property.objects.filter(organisation=organisation):
        place = zone(where.zone)
        span = day_bounds(first, place)[0], day_bounds(last, place)[1]
        rows = list(
            TopUp.objects.filter(
                tenancy__unit__property=where,
                paid__gte=span[0],
                paid__lt=span[1],
                payment__isnull=True,
                moved_to__isnull=True,
            ).select_related("command", "tenancy__unit__property")
        )
        booked = _booked(Of.TOP_UP, (row.pk for row in rows))
        brought = at_meters(row.command for row in rows)
        for row in rows:
            transfer, meter = booked.get(row.pk), brought.get(row.command_id)
            verdict = _meter_verdict(row.command, row.amount, meter)
            if transfer is None:
                verdict = "not in the ledger"
            elif transfer.amount != row.amount:
                verdict = "amount differs"
            found.append(
                Finding(
                    local_day(row.paid, place), str(transfer.debit_account) if transfer else "", "payment",
                    row.receipt or str(row), str(row.tenancy), None, transfer.amount if transfer else None, meter,
                    verdict, row.note if row.note != row.receipt else "",
                )
            )  # fmt: skip
    return found


def _alarms(organisation: Organisation, first: date, last: date) -> list[Finding]:
    found = []
    for alarm in alarms_of(organisation):
        day = local_day(alarm.at, zone(alarm.property.zone))
        if first <= day <= last:
            name = str(alarm.meter or alarm.gateway)
            found.append(Finding(day, "", "alarm", name, alarm.who, None, None, None, "alarm", alarm.text))
    return found


class _Merchant:
    """A merchant account's days."""

    def __init__(self, merchant: Merchant, first: date, last: date) -> None:
        self.merchant, self.first, self.last = merchant, first, last
        place = zone(PROVIDERS[merchant.provider].zone)
        self.begin, self.end = day_bounds(first, place)[0], day_bounds(last, place)[1]
        self.fetched = set(merchant.settlement_files.values_list("day", flat=True))
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
        for part in _parts(name for name in names if (kind, name) not in self.lines):
            for line in SettlementLine.objects.filter(merchant=self.merchant, kind=kind, **{at: part}):
                self._keep(line)

    def _without_line(self, day: date) -> str:
        if day in self.fetched:
            return "not at the provider"
        return "no file, late" if day in self.late else "no file"

    def findings(self) -> list[Finding]:
        return [*self._payments(), *self._refunds(), *self._payouts(), *self._unexpected()]

    def _finding(
        self, at: int, what: str, name: str, who: str, provider: int | None, ledger: int | None, meter: int | None,
        verdict: str, detail: str = "",
    ) -> Finding:  # fmt: skip
        day = provider_day(self.merchant, at)
        return Finding(day, str(self.merchant), what, name, who, provider, ledger, meter, verdict, detail)

    def _payments(self) -> Iterable[Finding]:
        rows = Payment.objects.filter(merchant=self.merchant).select_related(
            "top_up__command", "tenancy__unit__property"
        )
        payments = {each.payment_id: each for each in rows.filter(paid__gte=self.begin, paid__lt=self.end)}
        for part in _parts(name for kind, name in self.lines if kind == PAYMENT and name not in payments):
            payments |= {each.payment_id: each for each in rows.filter(payment_id__in=part)}
        self._lines_of(PAYMENT, payments)
        credited = _booked(Of.TOP_UP, (each.top_up_id for each in payments.values() if each.top_up_id))
        held = _booked(Of.PAYMENT, (each.pk for each in payments.values()), "held")
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
            elif top_up and (at_meter := _meter_verdict(top_up.command, top_up.amount, meter)) != "matched":
                verdict = at_meter
            else:
                verdict = "matched" if line is not None else self._without_line(provider_day(self.merchant, at))
            if self.first <= provider_day(self.merchant, at) <= self.last:
                provider = line.amount if line else None
                yield self._finding(at, "payment", name, str(payment.tenancy), provider, ledger, meter, verdict,
                                    payment.reason)  # fmt: skip
        for (kind, name), line in self.lines.items():
            if kind == PAYMENT and name not in payments:
                found = found_at_meter(self.merchant, name)
                yield self._finding(line.at, "payment", name or line.line_id, found.who if found else "", line.amount, None,
                                    found.data["amount"] if found else None,
                                    "at the meter" if found else "not in the ledger", line.provider_id)  # fmt: skip

    def _refunds(self) -> Iterable[Finding]:
        parts = RefundPart.objects.filter(payment__merchant=self.merchant, sent__isnull=False).select_related(
            "payment__tenancy__unit__property"
        )
        sent = {part.number: (part.sent or 0, part.amount, part.payment) for part in parts}
        backs = Transfer.objects.filter(of=Of.PAYMENT, part="back", credit_account=clearing(self.merchant))
        returned = {each.number or 0: each for each in backs}
        for payment in Payment.objects.filter(pk__in=returned).select_related("tenancy__unit__property"):
            transfer = returned[payment.pk]
            sent[f"{payment.payment_id}H"] = transfer.at, transfer.amount, payment
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
                                line.amount if line else None, -amount, None, verdict)  # fmt: skip
        for (kind, number), line in self.lines.items():
            if kind == REFUND and number not in sent:
                yield self._finding(line.at, "refund", number, line.payment_id, line.amount, None, None,
                                    "refund not in the ledger", line.provider_id)  # fmt: skip

    def _payouts(self) -> Iterable[Finding]:
        lines = [line for (kind, _name), line in self.lines.items() if kind == PAYOUT]
        booked = list(self.merchant.payouts.order_by("day", "pk"))
        for line in sorted(lines, key=lambda each: each.at):
            day = provider_day(self.merchant, line.at)
            fits = (
                each for each in booked
                if each.amount == -line.amount and day <= each.day <= day + timedelta(days=PAYOUT_DAYS)
            )  # fmt: skip
            mine = next(fits, None)
            if mine is not None:
                booked.remove(mine)
            yield self._finding(line.at, "payout", line.line_id, "", line.amount, -mine.amount if mine else None, None,
                                "matched" if mine else "payout not in the ledger")  # fmt: skip

    def _unexpected(self) -> Iterable[Finding]:
        rows = Unexpected.objects.filter(merchant=self.merchant, settled=False, at__gte=self.begin, at__lt=self.end)
        for each in rows.select_related("payment__tenancy__unit__property"):
            who = str(each.payment.tenancy) if each.payment else ""
            yield self._finding(
                each.at, "payment", each.provider_id, who, each.amount, None, None, "unexpected", each.reason
            )


def recent_days(organisation: Organisation, count: int = 7) -> tuple[date, date]:
    """The last days until today, where the organisation is."""
    today = local_day(now(), zone(organisation.home().zone))
    return today - timedelta(days=count - 1), today
