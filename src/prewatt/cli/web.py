"""The command `prewatt web`: the process that serves the pages."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
from django.conf import settings

from ..processes.pages.process import serve
from ..processes.serve import open_pages
from ..server.core.server_config import ConfigError
from ..server.wsgi import application
from .command import CommandError, group
from .on_server import ProcessCommand

app = group()


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
    """Run only the pages.

    `prewatt server` starts this process by itself. Run it yourself to have several of them, or to have a service
    manager start it.
    """
    try:
        pages = open_pages(settings.CONFIG.http) if inherited is None else socket.socket(fileno=inherited)
    except (ConfigError, OSError) as error:
        raise CommandError(str(error)) from None
    serve(application, pages)
