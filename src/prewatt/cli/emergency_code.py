"""The commands `prewatt emergency-code`: codes that are made in advance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ..kernel.calendar import local, zone
from ..server.api.emergency import meters_of
from ..server.console.emergency_codes.views import sheet as sheet_page
from ..server.core import local_forms
from ..server.core.amounts import typed_money
from ..server.estate.models import Property
from ..server.vending.emergency_codes import make as make_codes
from ..server.vending.emergency_revoking import revoke as revoke_codes
from ..server.vending.emergency_states import at_risk, of_property, state
from ..server.vending.models import EmergencyCode
from ..terminal_texts import _
from .command import group, print_table
from .lookup import CONSOLE, property_named
from .on_server import DatabaseCommand, PropertyOption

app = group()


@app.command(cls=DatabaseCommand)
def make(
    amount: Annotated[str, typer.Argument(help="Amount that each code lends, such as 5.00.")],
    units: Annotated[
        list[str] | None,
        typer.Option("--unit", help="Name of a unit. Repeat the option for more units.", show_default="all"),
    ] = None,
    days: Annotated[
        int, typer.Option("--valid-days", help="Number of days for which each code is valid.", min=1, max=31)
    ] = 7,
    property_name: PropertyOption = "",
) -> None:
    """Make one code for each unit, as far as the rules of the building allow."""
    property_ = property_named(property_name)
    lent = typed_money(amount, "amount", property_.currency)
    for code in make_codes(property_, meters_of(property_, units or None), lent, days, CONSOLE):
        unit = code.meter.unit.name if code.meter.unit else ""
        typer.echo(
            _(
                "%(unit)s (meter %(meter)s), %(amount)s, until %(until)s: %(code)s",
                unit=unit,
                meter=code.meter.hangs,
                amount=local_forms.money_with_code(code.amount, property_.currency),
                until=_wall(property_, code.ends),
                code=code.code,
            )
        )
    typer.echo(_at_risk(property_))


@app.command("list", cls=DatabaseCommand)
def list_codes(property_name: PropertyOption = "") -> None:
    """List the codes with unit, end and use, and the most money that can be lost."""
    property_ = property_named(property_name)
    table = Table(
        "id", _("unit"), _("meter"), property_.currency, _("state"), _("ends"), _("made by"), _("used"), _("code")
    )
    for code in of_property(property_):
        table.add_row(
            f"{code.pk}",
            code.meter.unit.name if code.meter.unit else "",
            code.meter.hangs,
            local_forms.money(code.amount, property_.currency),
            state(code),
            _wall(property_, code.ends),
            code.by,
            "" if code.used_at is None else _wall(property_, code.used_at),
            str(code.code) if state(code) == "open" else "",
        )
    print_table(table)
    typer.echo(_at_risk(property_))


@app.command(cls=DatabaseCommand)
def revoke(
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="id", help="Ids of codes, from `prewatt emergency-code list`.", show_default="all"),
    ] = None,
    property_name: PropertyOption = "",
) -> None:
    """Revoke codes, for example because a phone or a printed sheet was lost.

    A code stops working as soon as its meter has received the order.
    """
    property_ = property_named(property_name)
    rows = EmergencyCode.objects.filter(meter__gateway__property=property_)
    revoked = revoke_codes(rows.filter(pk__in=numbers) if numbers else rows, CONSOLE)
    typer.echo(
        _(
            "Codes revoked: %(revoked)s. Each code stops working as soon as its meter has received the order.",
            revoked=revoked,
        )
    )
    typer.echo(_at_risk(property_))


@app.command(cls=DatabaseCommand)
def sheet(
    out: Annotated[Path, typer.Argument(metavar="file", help="File to write, such as codes.html.")],
    property_name: PropertyOption = "",
) -> None:
    """Write the codes that can still be used to a page, for printing or for a phone."""
    property_ = property_named(property_name)
    out.write_text(sheet_page(property_), encoding="utf-8")
    out.chmod(0o600)
    typer.echo(_("%(out)s contains the codes that can be used. %(risk)s", out=out, risk=_at_risk(property_)))


def _at_risk(property_: Property) -> str:
    """Return a sentence that says how much is lost at most if other people get all codes that can be used."""
    risk = at_risk(property_)
    if not risk.number:
        return _("No code can be used now, so nothing can be lost.")
    amount, until = local_forms.money_with_code(risk.amount, property_.currency), _wall(property_, risk.until)
    return _(
        "Codes that can be used until %(until)s: %(number)s. If they are lost, you lose at most %(amount)s.",
        until=until,
        number=risk.number,
        amount=amount,
    )


def _wall(property_: Property, at: int) -> str:
    return f"{local(at, zone(property_.zone)):%Y-%m-%d %H:%M}"
