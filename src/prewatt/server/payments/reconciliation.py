"""The reconciliation compares three sources day by day: the provider's settlement file, the ledger, and the meters'
journals.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.translation import gettext as _

from ...kernel.calendar import local_day, zone
from ...kernel.span import Span
from ..core.spans import during
from ..core.time import now
from ..estate.models import Organisation, Property
from ..ledger.books import Kind
from ..ledger.references import Of
from ..metering.models import alarms_of
from ..vending.models import TopUp
from .findings import Finding
from .merchant_days import MOST_DAYS, MerchantDays
from .models import BankLine, Merchant, TakenBack
from .sides import at_meters, booked, carriage_of
from .verdicts import Carriage, Sides, Standing, Verdict, debit_verdict, verdict


class ReconciliationError(ValueError):
    """These days cannot be reconciled; the message says why."""


def reconcile(organisation: Organisation, first: date, last: date) -> list[Finding]:
    """Return the findings of all movements from a first to a last day (both included), sorted by day. A merchant
    account counts by its provider's days, cash and bank by the property's days. Raises ReconciliationError if the days
    are in the wrong order or too many.
    """
    if last < first or (last - first).days >= MOST_DAYS:
        raise ReconciliationError(
            _("Give a first and a last day: the last is not before the first, and they span at most %(most)d days.")
            % {"most": MOST_DAYS}
        )
    findings = [
        *_received_by_staff(organisation, first, last),
        *_at_the_bank(organisation, first, last),
        *_alarms(organisation, first, last),
    ]
    for merchant in Merchant.objects.filter(organisation=organisation):
        findings += MerchantDays(merchant, first, last).findings()
    return sorted(findings, key=lambda each: (each.day, each.source, each.what, each.name))


def _received_by_staff(organisation: Organisation, first: date, last: date) -> list[Finding]:
    findings = []
    for property_ in Property.objects.filter(organisation=organisation):
        place = zone(property_.zone)
        rows = list(
            TopUp.objects.filter(
                during(Span.of_days(first, last, place), "paid_at"),
                tenancy__unit__property=property_,
                payment__isnull=True,
                moved_to__isnull=True,
            ).select_related("command", "tenancy__unit__property")
        )
        transfers = booked(Of.TOP_UP, (row.pk for row in rows))
        brought = at_meters(row.command for row in rows)
        for row in rows:
            transfer, meter = transfers.get(row.pk), brought.get(row.command_id or 0)
            ledger = transfer.amount if transfer else None
            # The record of staff takes the place of a provider's report.
            says = verdict(
                Sides(property_.currency, row.amount, ledger, meter),
                Standing(carriage=carriage_of(row.command), due=row.amount),
            )
            findings.append(
                Finding(
                    local_day(row.paid_at, place),
                    str(transfer.debit_account) if transfer else "",
                    "payment",
                    row.receipt or str(row),
                    str(row.tenancy),
                    Sides(property_.currency, None, ledger, meter),
                    says,
                    row.note if row.note != row.receipt else "",
                )
            )
    return findings


def _at_the_bank(organisation: Organisation, first: date, last: date) -> list[Finding]:
    """Return the findings of bank lines that are not booked, and of money that the bank took back. The other lines are
    found among what staff recorded and what providers paid out.
    """
    source = str(Kind.BANK.label)
    lines = BankLine.objects.filter(organisation=organisation, day__gte=first, day__lte=last)
    findings = [
        Finding(
            line.day,
            source,
            "payment" if line.amount > 0 else "return",
            line.bank_id or line.text,
            line.payer,
            Sides(line.currency, line.amount, None),
            Verdict.AT_BANK,
        )
        for line in lines.filter(state=BankLine.State.OPEN)
    ]
    backs = TakenBack.objects.filter(bank_line__in=lines)
    for row in backs.select_related("bank_line", "command", "top_up__tenancy__unit__property"):
        line, carriage = row.bank_line, carriage_of(row.command)
        assert line is not None
        who = str(row.top_up.tenancy) if row.top_up is not None else line.payer
        sides = Sides(
            line.currency, line.amount, -row.amount - row.fee, -row.debited if carriage == Carriage.DONE else None
        )
        name = line.bank_id or line.text
        findings.append(Finding(line.day, source, "return", name, who, sides, debit_verdict(carriage)))
    return findings


def _alarms(organisation: Organisation, first: date, last: date) -> list[Finding]:
    findings = []
    for alarm in alarms_of(organisation):
        day = local_day(alarm.at, zone(alarm.property.zone))
        if first <= day <= last:
            name = str(alarm.meter or alarm.gateway)
            findings.append(
                Finding(
                    day,
                    "",
                    "alarm",
                    name,
                    alarm.who,
                    Sides(alarm.property.currency, None, None),
                    Verdict.ALARM,
                    alarm.sentence,
                )
            )
    return findings


def recent_days(organisation: Organisation, count: int = 7) -> tuple[date, date]:
    """Return the first and the last of the `count` days that end today, by the clock of the organisation's home."""
    today = local_day(now(), zone(organisation.home().zone))
    return today - timedelta(days=count - 1), today
