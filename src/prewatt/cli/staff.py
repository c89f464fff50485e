"""The commands `prewatt staff`: grants for phones, keys for programs."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from django.contrib.auth import get_user_model

from ..kernel.orders import GRANT_LONGEST, GRANT_RESTORE_LONGEST
from ..kernel.units import HOUR
from ..server.api.models import Token
from ..server.core.amounts import typed_money
from ..server.core.time import now
from ..server.metering.grants import GrantRequest, make_grant
from ..wire.on_site import ALLOWED
from .command import CommandError, group
from .lookup import CONSOLE, property_named
from .on_server import DatabaseCommand, PropertyOption

app = group()


@app.command(cls=DatabaseCommand)
def grant(
    holder: Annotated[str, typer.Argument(help="Name of the person who owns the phone.")],
    key: Annotated[str, typer.Argument(help="The phone's public key, as `prewatt onsite key` shows it.")],
    actions: Annotated[
        list[str], typer.Option("--allow", help=f"Action to allow: {', '.join(ALLOWED)}. Repeat the option for more.")
    ],
    hours: Annotated[
        int,
        typer.Option(
            "--valid-hours", help="Number of hours for which the grant is valid.", min=1, max=GRANT_LONGEST // HOUR
        ),
    ] = 24,
    most_amount: Annotated[
        str, typer.Option("--restore-amount-max", help="Highest amount that one restore order may lend.")
    ] = "5.00",
    longest: Annotated[
        int,
        typer.Option(
            "--restore-hours-max",
            help="Highest duration of one restore order, in hours.",
            min=0,
            max=GRANT_RESTORE_LONGEST // HOUR,
        ),
    ] = 12,
    property_name: PropertyOption = "",
) -> None:
    """Sign a grant that says what a phone may do on site without the server.

    Prints the grant as text. Its holder saves it in the file onsite.grant.
    """
    property_, at = property_named(property_name), now()
    amount = typed_money(most_amount, "--restore-amount-max", property_.currency)
    request = GrantRequest(
        property=property_,
        holder=holder,
        key=key,
        actions=actions,
        begins=at,
        ends=at + hours * HOUR,
        most_amount=amount,
        longest=longest * HOUR,
    )
    typer.echo(make_grant(request, CONSOLE).text)


@app.command("api-token", cls=DatabaseCommand)
def api_token(
    login: Annotated[str, typer.Argument(help="Login. The program gets the rights of this login.")],
    name: Annotated[str, typer.Option(help="Purpose of the key.")] = "program",
) -> None:
    """Make a key for the API (/api/v1/docs). It is not shown again."""
    user: Any = get_user_model().objects.filter(username=login).first()
    if user is None:
        raise CommandError(f"there is no login {login!r}")
    typer.echo(Token.make(user, name))
