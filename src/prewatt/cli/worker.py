"""`prewatt worker`: the process that does what is scheduled."""

from __future__ import annotations

from ..processes.worker import run
from .command import group, log_to_stderr
from .on_server import ProcessCommand

app = group()


@app.command(cls=ProcessCommand)
def worker() -> None:
    """Run one worker for scheduled work alone.

    Shared costs, bills, notices, settlement files, alarms. A second one waits until the first is gone. `prewatt server` starts one
    by itself.
    """
    log_to_stderr()
    run()
