"""The command `prewatt headend`: the process that speaks with the gateways."""

from __future__ import annotations

from typing import Annotated

import typer
from django.conf import settings

from ..headend.dispatch import DispatchPolicy
from ..headend.shell import run
from .command import group, log_to_stderr
from .on_server import ProcessCommand

app = group()


@app.command(cls=ProcessCommand)
def headend(
    resend: Annotated[
        float, typer.Option("--resend-seconds", help="Seconds after which a command without an answer is sent again.")
    ] = 5.0,
    silence: Annotated[
        float,
        typer.Option("--silence-seconds", help="Seconds without a message after which a gateway counts as offline."),
    ] = 25.0,
) -> None:
    """Run only one head-end worker.

    It speaks with the gateways of the shards in PREWATT_SHARDS. `prewatt server` starts one by itself.
    """
    log_to_stderr()
    raise typer.Exit(run(settings.CONFIG, DispatchPolicy(resend, silence)))
