"""The command line. Each group of commands is a file here, and is loaded when it is asked for.

`table.py` lists what there is; `docs/operator/commands.md` tells it to people.
"""

from __future__ import annotations

import typer

from .lazy import LazyGroup

app = typer.Typer(
    name="prewatt",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def prewatt() -> None:
    """Prepaid electricity for rental apartments."""


def main() -> None:
    """The program `prewatt`."""
    app(prog_name="prewatt")
