"""The command `prewatt edge doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..edge.doctor.examination import examine
from .edge_machine import FOLDER
from .finding_table import print_findings

HERE = Path("edge.toml")


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
    if config is None:
        config = HERE if HERE.exists() or not (FOLDER / HERE).exists() else FOLDER / HERE
    raise print_findings(examine(config))
