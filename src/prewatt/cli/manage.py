"""The command `prewatt manage`."""

from __future__ import annotations

import os

import typer
from django.core.management import execute_from_command_line

from .command import Command, group

app = group()


@app.command(cls=Command, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def manage(context: typer.Context) -> None:
    """Run a command of Django, such as createsuperuser.

    `prewatt manage help` lists them.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prewatt.server.settings")
    execute_from_command_line(["prewatt manage", *context.args])
