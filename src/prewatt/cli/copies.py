"""`prewatt backup` and `prewatt restore`: the server's copy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from ..backups import server as copies
from ..folder import BusyError
from ..processes.database import setup_django
from ..server.core.config import load_config
from .command import Command, CommandError, FileCommand, group, print_table

app = group()
STOP = (
    "stop the server first (Ctrl-C where it runs, `systemctl stop` if a service manager runs it), and programs like it"
)


@app.command(cls=FileCommand)
def backup(
    file: Annotated[Path, typer.Argument(help="File to write; an earlier copy of that name is replaced.")],
) -> None:
    """Copy the server's database and keys while it runs.

    Keep the file where nobody else can read it.
    """
    config = load_config()
    made = copies.back_up(config, os.environ, file)
    typer.echo(f"{file}: {', '.join(made.files)}, at {made.made}")
    if config.database:
        typer.echo(
            "THE DATABASE IS NOT IN IT: PostgreSQL's own tools copy it.\n"
            '  pg_dump --format=custom --file=prewatt.dump "$PREWATT_DATABASE"',
            err=True,
        )


@app.command(cls=Command)
def restore(file: Annotated[Path, typer.Argument(help="File that `prewatt backup` has written.")]) -> None:
    """Put a copy of the server back.

    Says what will be asked back from the gateways. What lies in PREWATT_HOME now is kept aside. Exit status 0: put back; 1: put
    back, and the check found something; 2: nothing was changed.
    """
    config = load_config()
    try:
        done = copies.put_back(config, file)
    except BusyError as error:
        raise CommandError(f"{error}: {STOP}. Nothing was changed") from None
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from None
    typer.echo(f"{config.home} is as it was at {done.copy.made}.")
    if done.aside:
        typer.echo(f"What lay there before is in {done.aside}; it holds keys: remove it when all is well.")
    try:
        setup_django()
        # Imported here: the models can be only now, on the database that was put back.
        from ..backups.report import after_restore, journals
        from ..server.vending.codes import skip_forgotten

        skip_forgotten()
        table = journals()
        well, lines = after_restore(done.copy, os.environ)
    except (DatabaseError, ImproperlyConfigured) as error:
        typer.echo(f"prewatt restore: the restored copy can't be checked: {error}", err=True)
        raise typer.Exit(1) from None
    print_table(table)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(0 if well else 1)
