"""`prewatt gateway`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..server.commissioning.enrolment import new_code
from ..server.metering.models import Gateway
from .command import CommandError, group
from .on_server import DatabaseCommand

app = group()


@app.command(cls=DatabaseCommand)
def code(name: Annotated[str, typer.Argument(help="Name of the gateway.")]) -> None:
    """Make a one-time code by which a gateway, or the one that replaces it, enrols.

    Once that one has enrolled, the old one's key is worth nothing, and the meters' journals go on where the server has them.
    """
    gateway = Gateway.objects.filter(name=name, revoked=False).first()
    if gateway is None:
        known = ", ".join(Gateway.objects.filter(revoked=False).values_list("name", flat=True)) or "none"
        raise CommandError(f"there is no gateway {name!r}. Known gateways: {known}")
    typer.echo(new_code(gateway))
