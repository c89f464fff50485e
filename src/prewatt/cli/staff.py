"""The commands `prewatt staff`: grants for phones, keys for programs."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from django.contrib.auth import get_user_model

from ..kernel.orders import GRANT_LONGEST, GRANT_RESTORE_LONGEST
from ..kernel.units import HOUR, exact_instant
from ..server.accounts.keys import LONGEST_DAYS, USUAL_DAYS, ApiKey, make_key, revoke
from ..server.accounts.rights import Right
from ..server.core.amounts import typed_money
from ..server.core.time import now
from ..server.estate.models import Organisation
from ..server.metering.grants import GrantRequest, make_grant
from ..terminal_texts import _
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
            help="Longest time that one restore order may last, in hours.",
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


@app.command("api-key", cls=DatabaseCommand)
def api_key(
    login: Annotated[
        str, typer.Argument(help="Login for which the program acts. The program never has more rights than this login.")
    ],
    name: Annotated[str, typer.Option(help="Purpose of the key.")] = "program",
    read_only: Annotated[bool, typer.Option("--read-only", help="The key may only read.")] = False,
    rights: Annotated[
        list[str] | None,
        typer.Option("--right", help=f"A right that the key opens: {', '.join(Right)}. Repeat the option for more."),
    ] = None,
    organisation: Annotated[
        str, typer.Option(help="Landlord to which the key is limited. Empty means all landlords.")
    ] = "",
    days: Annotated[
        int, typer.Option("--valid-days", help="Number of days for which the key is valid.", min=1, max=LONGEST_DAYS)
    ] = USUAL_DAYS,
) -> None:
    """Make a key for the API (/api/v1/docs). It is not shown again."""
    user: Any = get_user_model().objects.filter(username=login).first()
    if user is None:
        raise CommandError(_("there is no login '%(login)s'", login=login))
    if read_only and rights:
        raise CommandError(_("give either --read-only or --right"))
    owner = Organisation.objects.filter(name=organisation).first() if organisation else None
    if organisation and owner is None:
        raise CommandError(_("there is no landlord '%(organisation)s'", organisation=organisation))
    scope = ApiKey.Scope.READ if read_only else ApiKey.Scope.CHOSEN if rights else ApiKey.Scope.ALL
    typer.echo(make_key(user, name, organisation=owner, scope=scope, rights=rights or (), days=days))


@app.command("api-keys", cls=DatabaseCommand)
def api_keys() -> None:
    """List the keys for the API that are valid: number, login, purpose, what it may do, end, last use."""
    for key in ApiKey.objects.valid().select_related("user"):
        used = exact_instant(key.last_used_at) if key.last_used_at else _("never")
        typer.echo(f"{key.pk:<6} {key.user!s:<20} {key.name:<30} {key.scope:<7} {exact_instant(key.ends)}  {used}")


@app.command("revoke-api-key", cls=DatabaseCommand)
def revoke_api_key(
    number: Annotated[int, typer.Argument(help="Number of the key, as `prewatt staff api-keys` shows it.")],
) -> None:
    """Revoke a key for the API. It no longer works after that."""
    if not revoke(ApiKey.objects.filter(pk=number)):
        raise CommandError(_("there is no key %(number)s that can be revoked", number=number))
    typer.echo(_("Key %(number)s is revoked.", number=number))
