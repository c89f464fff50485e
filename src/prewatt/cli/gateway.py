"""The commands `prewatt gateway`: enrolment codes."""

from __future__ import annotations

from typing import Annotated

import typer

from ..server.commissioning.enrolment import new_code, until_when
from ..server.metering.models import Gateway
from ..terminal_texts import _
from .command import CommandError, group
from .on_server import DatabaseCommand

app = group()


@app.command(cls=DatabaseCommand)
def code(name: Annotated[str, typer.Argument(help="Name of the gateway.")]) -> None:
    """Make a one-time enrolment code for a gateway, or for the one that replaces it. It is valid for 24 hours.

    After the new gateway has enrolled, the server no longer accepts the old one's key. The meters' journals continue after
    the last entry that the server has.
    """
    gateway = Gateway.objects.filter(name=name, is_revoked=False).first()
    if gateway is None:
        known = ", ".join(Gateway.objects.filter(is_revoked=False).values_list("name", flat=True)) or _("none")
        raise CommandError(_("there is no gateway '%(name)s'. Known gateways: %(known)s", name=name, known=known))
    typer.echo(new_code(gateway))
    typer.echo(until_when(gateway), err=True)
