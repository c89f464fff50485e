"""The findings of bank lines."""

from __future__ import annotations

from datetime import date

from ..estate.models import Organisation
from ..ledger.books import Kind
from .findings import Finding
from .models import BankLine, TakenBack
from .movement_sides import Carriage, Sides
from .sides import carriage_of
from .verdicts import Verdict, debit_verdict


def at_the_bank(organisation: Organisation, first: date, last: date) -> list[Finding]:
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
