"""The commands `prewatt backup` and `prewatt restore`, for the server's copy."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from ..backups import server as copies
from ..folder import BusyError
from ..processes.database import setup_django
from ..server.core.config import load_config
from ..terminal_texts import _
from .command import Command, CommandError, FileCommand, group, print_table

app = group()


@app.command(cls=FileCommand)
def backup(
    file: Annotated[Path, typer.Argument(help="File to write. An earlier copy of that name is replaced.")],
) -> None:
    """Copy the server's database and keys while it runs.

    Keep the file where nobody else can read it.
    """
    config = load_config()
    copy = copies.back_up(config, os.environ, file)
    typer.echo(_("%(file)s: %(names)s, at %(made)s", file=file, names=", ".join(copy.files), made=copy.made))
    if config.database:
        typer.echo(
            _("THE DATABASE IS NOT IN THIS FILE. Copy it with PostgreSQL's own tools:")
            + '\n  pg_dump --format=custom --file=prewatt.dump "$PREWATT_DATABASE"',
            err=True,
        )


@app.command(cls=Command)
def restore(file: Annotated[Path, typer.Argument(help="File that `prewatt backup` has written.")]) -> None:
    """Put a copy of the server back.

    Prints what the gateways will send again. The present content of PREWATT_HOME is kept in another folder. Exit status
    0: put back; 1: put back, but the check found something wrong; 2: nothing was changed.
    """
    config = load_config()
    try:
        done = copies.put_back(config, file)
    except BusyError as error:
        raise CommandError(
            _(
                "%(error)s. First stop the server (Ctrl-C where it runs, `systemctl stop` if a service manager runs "
                "it) and all other programs that use this folder. Nothing was changed",
                error=error,
            )
        ) from None
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from None
    typer.echo(_("%(home)s is as it was at %(made)s.", home=config.home, made=done.copy.made))
    if done.aside:
        typer.echo(
            _("The earlier content is in %(aside)s. It contains keys, so remove it when all is well.", aside=done.aside)
        )
    try:
        setup_django()
        # Loaded here: it imports the models, which can be only now, with the keys that were put back.
        report: Any = import_module("..backups.report", __package__)
        table, well, lines = report.check_restored(done.copy, os.environ)
    except (DatabaseError, ImproperlyConfigured) as error:
        typer.echo("prewatt restore: " + _("the restored copy can't be checked: %(error)s", error=error), err=True)
        raise typer.Exit(1) from None
    print_table(table)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(0 if well else 1)
