"""The command `prewatt edge doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ..edge.doctor.examination import examine
from ..edge.doctor.finding import State
from ..terminal_texts import _
from .command import print_table
from .edge_machine import FOLDER

HERE = Path("edge.toml")

STYLES = {State.OK: "green", State.WARN: "yellow", State.BAD: "bold red", State.SKIPPED: "dim"}


def doctor(
    config: Annotated[
        Path | None,
        typer.Option(
            help="Settings file that `prewatt edge enrol` wrote.", show_default="edge.toml here, else the service's"
        ),
    ] = None,
) -> None:
    """Look at this gateway, and say in words what is wrong and what to do.

    Changes nothing. Meters are asked only if no agent runs. Exit status 1: something is bad.
    """
    table = Table(_("what"), "", _("how it stands"), _("what to do"))
    is_bad = False
    marks = {State.OK: _("ok"), State.WARN: _("warn"), State.BAD: _("BAD"), State.SKIPPED: "-"}
    if config is None:
        config = HERE if HERE.exists() or not (FOLDER / HERE).exists() else FOLDER / HERE
    for finding in examine(config):
        is_bad = is_bad or finding.state is State.BAD
        style = STYLES[finding.state]
        table.add_row(
            finding.name, f"[{style}]{marks[finding.state]}[/]", escape(finding.words), escape(finding.advice)
        )
    print_table(table)
    raise typer.Exit(1 if is_bad else 0)
