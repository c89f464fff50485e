"""The command `prewatt worker`: the process that does scheduled work."""

from __future__ import annotations

from typing import Annotated

import typer

from ..processes.tasks import run_tasks
from ..processes.worker import run
from .command import group, log_to_stderr
from .on_server import ProcessCommand

app = group()


@app.command(cls=ProcessCommand)
def worker(
    tasks: Annotated[
        bool, typer.Option("--tasks", hidden=True, help="Do what people have asked for, then end.")
    ] = False,
) -> None:
    """Run only one worker for scheduled work.

    It does shared costs, bills, notices, settlement files and alarms, and starts processes for the large files that people
    ask for. A second worker waits until the first one has
    ended. `prewatt server` starts one by itself.
    """
    log_to_stderr()
    if tasks:
        run_tasks()
    else:
        run()
