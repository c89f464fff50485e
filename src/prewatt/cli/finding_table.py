"""How the findings of a doctor are printed."""

from __future__ import annotations

from collections.abc import Iterable

import typer
from rich.markup import escape
from rich.table import Table

from ..findings import Finding, State
from ..terminal_texts import _
from .command import print_table

STYLES = {State.OK: "green", State.WARN: "yellow", State.BAD: "bold red", State.SKIPPED: "dim"}


def print_findings(findings: Iterable[Finding]) -> typer.Exit:
    """Print a line for each finding. Returns the exception that the caller must raise: status 1 if something is bad, else 0."""
    table = Table(_("what"), "", _("what was found"), _("what to do"))
    is_bad = False
    marks = {State.OK: _("ok"), State.WARN: _("warn"), State.BAD: _("BAD"), State.SKIPPED: "-"}
    for finding in findings:
        is_bad = is_bad or finding.state is State.BAD
        style = STYLES[finding.state]
        table.add_row(
            finding.name, f"[{style}]{marks[finding.state]}[/]", escape(finding.words), escape(finding.advice)
        )
    print_table(table)
    return typer.Exit(1 if is_bad else 0)
