"""The command `prewatt worker`: the process that does scheduled work."""

from __future__ import annotations

from ..processes.worker import run
from .command import group, log_to_stderr
from .on_server import ProcessCommand

app = group()


@app.command(cls=ProcessCommand)
def worker() -> None:
    """Run one worker for scheduled work alone.

    It does shared costs, bills, notices, settlement files and alarms. A second worker waits until the first one has
    ended. `prewatt server` starts one by itself.
    """
    log_to_stderr()
    run()
