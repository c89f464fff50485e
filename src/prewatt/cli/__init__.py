"""The command line. Each group of commands is a file here, and is loaded only when a user calls it.

`table.py` lists the groups; `docs/operator/commands.md` describes the commands for people.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from .. import __version__
from .garbage import wait_with_garbage
from .lazy import LazyGroup

app = typer.Typer(
    name="prewatt",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"prewatt {__version__}")
        raise typer.Exit


_VersionOption = Annotated[
    bool, typer.Option("--version", help="Show the version and exit.", callback=_say_version, is_eager=True)
]


@app.callback()
def prewatt(_version: _VersionOption = False) -> None:
    """Prepaid electricity for rental apartments."""


def main() -> None:
    """Run the program `prewatt`. What it and its children write is for their user's eyes only."""
    os.umask(0o077)
    wait_with_garbage()
    app(prog_name="prewatt")
