"""The command `prewatt web`: the process that serves the pages."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import waitress
from django.conf import settings

from ..processes.serve import open_pages
from ..server.core.config import ConfigError
from ..server.wsgi import application
from .command import CommandError, group
from .on_server import ProcessCommand

app = group()
THREADS = 8


@app.command(cls=ProcessCommand)
def web(
    inherited: Annotated[
        int | None,
        typer.Option(
            "--socket",
            help="File descriptor of an open listening socket to serve on.",
            show_default="PREWATT_HTTP",
        ),
    ] = None,
) -> None:
    """Run the pages alone.

    `prewatt server` starts this process by itself. Run it yourself to have several of them, or to have a service
    manager start it.
    """
    try:
        pages = open_pages(settings.CONFIG.http) if inherited is None else socket.socket(fileno=inherited)
    except (ConfigError, OSError) as error:
        raise CommandError(str(error)) from None
    waitress.serve(application, sockets=[pages], threads=THREADS, ident="prewatt", trusted_proxy="127.0.0.1")
