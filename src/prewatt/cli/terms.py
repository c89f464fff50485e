"""The commands `prewatt terms`: how tenants pay."""

from __future__ import annotations

from typing import Annotated

import typer

from ..server.core.amounts import typed_money
from ..server.estate.terms_in_force import terms_of, waiting_terms
from ..server.estate.wall_clock import wall_clock
from ..server.statements.terms import TermsRequest, agree, in_words, preview
from ..terminal_texts import _
from .command import CommandError, group
from .lookup import CONSOLE, property_named, tenancy_in
from .on_server import BeginOption, DatabaseCommand, PropertyOption, UnitArgument

app = group()


@app.command(cls=DatabaseCommand)
def show(unit: UnitArgument, property_name: PropertyOption = "") -> None:
    """Show how the tenant of a unit pays now, and what will change."""
    property_ = property_named(property_name)
    tenancy = tenancy_in(property_, unit)
    lines, waiting = in_words(terms_of(tenancy.pk), property_.currency), waiting_terms(tenancy.pk)
    if waiting is not None:
        lines += [_("Later:"), *in_words(waiting, property_.currency)]
    typer.echo("\n".join((f"{tenancy}:", *lines)))


@app.command("set", cls=DatabaseCommand)
def set_terms(
    unit: UnitArgument,
    way: Annotated[str, typer.Argument(help="When the tenant pays: before use or after use. One of: before, after.")],
    limit: Annotated[
        str,
        typer.Option(
            "--owed-max",
            help="For after: highest amount that may be owed. 0 means no limit, with --no-disconnect only.",
        ),
    ] = "0",
    cuts: Annotated[
        bool, typer.Option("--disconnect/--no-disconnect", help="For after: whether the power goes off at --owed-max.")
    ] = True,
    due_days: Annotated[int, typer.Option(help="For after: number of days after which a bill is due.")] = 14,
    overdue: Annotated[
        str,
        typer.Option("--overdue-action", help="For after: action when a bill is overdue. One of: remind, ask, cut."),
    ] = "remind",
    overdue_days: Annotated[
        int, typer.Option(help="For after: number of days between the due day and --overdue-action.")
    ] = 14,
    owed: Annotated[
        str,
        typer.Option(
            "--owed-as",
            help="For before: what happens to the amount owed now. One of: debt (an ordinary debt), spread (over "
            "the next payments).",
        ),
    ] = "debt",
    begins: BeginOption = "",
    look: Annotated[bool, typer.Option("--preview", help="Show the result only. Change nothing.")] = False,
    property_name: PropertyOption = "",
) -> None:
    """Change how the tenant of a unit pays, from now on or from a date and time on."""
    if way not in ("after", "before"):
        raise CommandError(_("'%(way)s' is not a way to pay. Write after or before", way=way))
    property_ = property_named(property_name)
    tenancy = tenancy_in(property_, unit)
    wanted = TermsRequest(
        way == "after",
        typed_money(limit, "--owed-max", property_.currency),
        cuts,
        due_days,
        overdue,
        overdue_days,
        owed,
        wall_clock(begins, property_, "--from") if begins else None,
    )
    if look:
        typer.echo("\n".join((_("Nothing is changed yet."), *preview(tenancy, wanted))))
    elif agree(tenancy, wanted, CONSOLE).applied_at is not None:
        typer.echo(_("The change takes effect now. It is being sent to the meter."))
    else:
        typer.echo(_("The change is saved. It takes effect at its date and time, once the building is online."))
