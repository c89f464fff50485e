"""The commands `prewatt books`: reconciliation and open bills."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from ..kernel.calendar import local_day, zone
from ..server.core import local_forms
from ..server.estate.models import Organisation
from ..server.estate.typed_days import typed_day
from ..server.payments.findings import Finding
from ..server.payments.reconciliation import recent_days
from ..server.payments.reconciliation import reconcile as reconcile_days
from ..server.statements.bills import open_bills
from ..terminal_texts import _
from .command import CommandError, group, print_table
from .lookup import property_named
from .on_server import DatabaseCommand, PropertyOption

app = group()
STYLES = {"matched": None, "waits": "yellow", "act": "bold red"}


@app.command(cls=DatabaseCommand)
def reconcile(
    first: Annotated[
        str,
        typer.Option("--from", help="First day, such as 2025-11-01.", show_default="a week ago"),
    ] = "",
    last: Annotated[str, typer.Option("--until", help="Last day (included).", show_default="today")] = "",
    organisation: Annotated[str, typer.Option(help="Name of the landlord. Needed only if there are several.")] = "",
) -> None:
    """Compare the providers' settlement files, the ledger and the meters' journals, day by day.

    Exit status 0: there is nothing to do; 1: somebody has to act; 2: the command was wrong.
    """
    owner = _organisation(organisation)
    begins, ends = recent_days(owner)
    findings = reconcile_days(
        owner, typed_day(first, "--from") if first else begins, typed_day(last, "--until") if last else ends
    )
    print_table(_findings_table(_("%(landlord)s: movements: %(count)s", landlord=owner, count=len(findings)), findings))
    raise typer.Exit(1 if any(finding.grade == "act" for finding in findings) else 0)


@app.command(cls=DatabaseCommand)
def bills(property_name: PropertyOption = "") -> None:
    """List the open bills, overdue ones first."""
    property_ = property_named(property_name)
    table = Table(_("bill"), _("unit"), _("tenant"), _("due"), property_.currency, _("left"), _("state"))
    rows = [row for row in open_bills(property_.organisation) if row.bill.tenancy.unit.property_id == property_.pk]
    for row in rows:
        bill = row.bill
        table.add_row(
            f"{bill.number}",
            bill.tenancy.unit.name,
            bill.who,
            f"{local_day(bill.due_at - 1, zone(property_.zone))}",
            local_forms.money(bill.amount, property_.currency),
            local_forms.money(row.left, property_.currency),
            row.in_words,
            style="bold red" if row.state == "overdue" else None,
        )
    print_table(table)
    overdue = sum(row.left for row in rows if row.state == "overdue")
    left = local_forms.money(sum(row.left for row in rows), property_.currency)
    typer.echo(
        _(
            "Still to be paid: %(left)s. Of this, overdue: %(overdue)s.",
            left=left,
            overdue=local_forms.money(overdue, property_.currency),
        )
    )


def _organisation(name: str) -> Organisation:
    """Return the landlord with a name, or the only one if the name is empty. Raises CommandError that lists the names
    if there is no such one.
    """
    matching = Organisation.objects.filter(name=name) if name else Organisation.objects.all()
    if matching.count() != 1:
        known = ", ".join(Organisation.objects.values_list("name", flat=True)) or _("none")
        raise CommandError(_("--organisation: choose one of these landlords: %(known)s", known=known))
    return matching.get()


def _findings_table(title: str, findings: Sequence[Finding]) -> Table:
    table = Table(_("day"), _("account"), _("what"), _("for"), title=title, title_justify="left")
    for column in (_("provider"), _("ledger"), _("meter")):
        table.add_column(column, justify="right")
    table.add_column(_("found, and what to do"), ratio=1)
    for finding in findings:
        sides = (finding.provider, finding.ledger, finding.meter)
        amounts = ["–" if side is None else local_forms.money(side, finding.currency) for side in sides]
        words = "\n".join(
            filter(None, (finding.says + (f": {finding.detail}" if finding.detail else ""), finding.next))
        )
        what = finding.what if finding.grade == "matched" else f"{finding.what} {finding.name}"
        style = STYLES[finding.grade]
        table.add_row(f"{finding.day}", finding.source, what, finding.who, *amounts, words, style=style)
    return table
