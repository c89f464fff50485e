"""The command `prewatt setup`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from ..kernel.limits import likely_price
from ..kernel.tariff import Tariff, flat_tariff
from ..kernel.units import short_price
from ..server.accounts.invitations import DAYS
from ..server.commissioning.progress import without_credit
from ..server.commissioning.setup import Building, BuildingPlan, FlatList, read_apartments, set_up_building
from ..server.core.amounts import typed_price
from ..server.core.time import now
from ..server.tariffs.reading import read_file
from ..terminal_texts import _, ngettext
from ..wire.messages import MAX_METERS
from .command import CommandError, group
from .on_server import DatabaseCommand

app = group()


@app.command(cls=DatabaseCommand)
def setup(
    apartments: Annotated[
        Path,
        typer.Option(
            help="List of the units as CSV or .xlsx. It needs the columns unit, meter, tenant. It can have more, such "
            "as phone, email, language, gateway (docs/operator/operate.md)."
        ),
    ],
    organisation: Annotated[str, typer.Option(help="Name of the landlord.")],
    name: Annotated[str, typer.Option(help="Name of the building.")],
    zone: Annotated[str, typer.Option(help="Time zone of the building, such as Europe/Berlin.")],
    currency: Annotated[str, typer.Option(help="Currency code of three letters, such as EUR.")],
    manager: Annotated[str, typer.Option(help="Login name of the manager.")] = "manager",
    price: Annotated[str, typer.Option(help="Price per kWh for a flat tariff, such as 0.32.")] = "",
    tariff: Annotated[
        Path | None, typer.Option(help="Tariff as a JSON file, instead of --price (docs/landlord/tariff.md).")
    ] = None,
    gateway: Annotated[
        str, typer.Option(help="Name of the gateway in the building. Empty: gateway-1, or the next name that is free.")
    ] = "",
) -> None:
    """Set up a building: units, meters, tenants, tariff, logins.

    Prints what is not shown again: the manager's password, an invitation for each tenant, and the code with which each
    gateway enrols.
    """
    priced = _tariff(price, tariff, zone, currency)
    flats = read_apartments(apartments, currency, zone)
    _say_what_is_left(flats)
    building = set_up_building(
        BuildingPlan(
            organisation=organisation,
            name=name,
            zone=zone,
            currency=currency,
            tariff=priced,
            apartments=flats.apartments,
            gateway=gateway,
            manager=manager,
        ),
        _progress,
    )
    _print(building)


def _say_what_is_left(flats: FlatList) -> None:
    """Say what of a list is not stored, beside what is printed at the end."""
    if flats.unused:
        typer.echo(_("These columns of the list are not used: %(names)s.", names="; ".join(flats.unused)), err=True)
    for rival in flats.rivals:
        typer.echo(
            _(
                "“%(used)s” was taken for this, and “%(name)s” was not: %(title)s. If that is wrong, remove the column “%(used)s”.",
                name=rival.label,
                used=rival.used.label,
                title=rival.used.title,
            ),
            err=True,
        )
    if flats.without_part:
        lines = ", ".join(map(str, flats.without_part))
        typer.echo(
            _("These lines name no part of the building, but a line above them does: %(lines)s", lines=lines), err=True
        )
    for each in flats.left_out:
        typer.echo(_("Line %(line)s is no flat and is left out: %(text)s", line=each.line, text=each.text), err=True)


def _progress(done: int, of: int) -> None:
    """Say how far a long list is, beside what is printed at the end."""
    typer.echo(
        _(
            "%(done)s of %(of)s flats are set up. If the command ends early, run it again: it goes on from here.",
            done=done,
            of=of,
        ),
        err=True,
    )


def _print(building: Building) -> None:
    """Print what is not shown again."""
    typer.echo(_("Logins. The passwords are not shown again, and are changed at the first log-in:"))
    for login, password, whose in building.logins:
        typer.echo(f"{login:<20} {password:<16} {whose}")
    if building.invitations:
        typer.echo()
        typer.echo(_("Invitations. Each lets one person in, once, within %(days)s days:", days=DAYS))
        for code, whose in building.invitations:
            typer.echo(f"{code:<20} {whose}")
        typer.echo(_("Tenants type it at http://THIS-SERVER:%(port)s/join/", port=settings.CONFIG.http.port))
        typer.echo(_("You can print a new invitation on the page of a unit. The earlier one then no longer works."))
    typer.echo()
    if len(building.codes) > 1:
        typer.echo(
            _(
                "A gateway serves at most %(most)s meters. The meters are divided as the list says, or else in the "
                "order of the list:",
                most=MAX_METERS,
            )
        )
        for each in building.property.gateways.order_by("pk"):
            typer.echo(f"  {each.name:<18} " + ngettext("%(number)s meter", "%(number)s meters", each.meters.count()))
    typer.echo(
        _(
            "The codes below are valid for 24 hours. prewatt gateway code NAME makes a new one. If the server has a "
            "certificate, write https:// and the server's name. If it has none, add --insecure, but only in the "
            "building's own network."
        )
    )
    _say_who_is_dark_at_first(building)
    for name, code in building.codes.items():
        command = f"prewatt edge enrol http://THIS-SERVER:{settings.CONFIG.http.port} {code}"
        typer.echo(_("On the gateway %(gateway)s: %(command)s", gateway=name, command=command))


def _say_who_is_dark_at_first(building: Building) -> None:
    """Say how many flats lose their power as soon as the gateway runs, before it is said how to start it."""
    dark = sum(without_credit(each, now()).count() for each in building.property.gateways.all())
    if dark:
        typer.echo(
            ngettext(
                "Take care: %(number)s flat has no credit yet. Without credit the power goes off as soon as the gateway runs. Take the "
                "first payments before that, on the page Till.",
                "Take care: %(number)s flats have no credit yet. Without credit the power goes off as soon as the gateway runs. Take "
                "the first payments before that, on the page Till.",
                dark,
            )
        )


def _tariff(price: str, file: Path | None, zone: str, currency: str) -> Tariff:
    """Return the tariff that --price or --tariff gives. Raises CommandError if not exactly one of them is given,
    TariffError if the file is no tariff.
    """
    if bool(price) == bool(file):
        raise CommandError(_("give either --price or --tariff"))
    if file:
        return read_file(file, zone=zone, currency=currency)
    micro = typed_price(price, "--price", currency)
    if (meant := likely_price(micro, currency)) is not None:
        raise CommandError(
            _(
                "--price: electricity hardly costs %(price)s %(currency)s per kWh anywhere. Perhaps you mean %(meant)s. If it is right, "
                "give the tariff as a file with --tariff (docs/landlord/tariff.md)",
                price=short_price(micro),
                meant=short_price(meant),
                currency=currency,
            )
        )
    return flat_tariff(f"flat {short_price(micro)}", currency, zone, micro)
