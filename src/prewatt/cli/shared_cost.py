"""The commands `prewatt shared-cost`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from ..kernel.names import natural
from ..kernel.units import exact_money
from ..server.allocation.models import BASES, Run, SharedCost
from ..server.allocation.runs import Preview, preview
from ..server.allocation.runs import in_words as weight_in_words
from ..server.allocation.runs import reverse as reverse_run
from ..server.allocation.runs import run as book_run
from ..server.core import local_forms
from ..server.core.amounts import typed_money
from ..server.estate.models import Property
from ..server.estate.typed_days import typed_day
from ..terminal_texts import _
from .command import CommandError, group, print_table
from .lookup import property_named
from .on_server import DatabaseCommand, FirstDayOption, LastDayOption, PropertyOption

app = group()


@app.command(cls=DatabaseCommand)
def run(
    name: Annotated[str, typer.Argument(help="Name of the shared cost.")],
    begin: FirstDayOption,
    until: LastDayOption,
    bill: Annotated[
        str,
        typer.Option(help="Amount of a bill to share.", show_default="the cost of what the meters used"),
    ] = "",
    memo: Annotated[str, typer.Option(help="Note. Tenants see it.")] = "",
    book: Annotated[
        bool, typer.Option("--book", help="Book the cost. Without this option the result is only shown.")
    ] = False,
    property_name: PropertyOption = "",
) -> None:
    """Show each tenant's share of a cost, and book it with --book."""
    property_ = property_named(property_name)
    cost = _shared_cost(property_, name)
    span = typed_day(begin, "--from"), typed_day(until, "--until")
    amount = typed_money(bill, "--bill", property_.currency) if bill else None
    print_table(_table(cost, preview(cost, *span, amount, memo), f"{begin} – {until}"))
    if not book:
        typer.echo(_("Nothing is booked yet. To book it, add --book."))
        return
    booked = book_run(cost, *span, amount, memo)
    typer.echo(_("Run %(number)s is booked, and is being sent to the meters.", number=booked.pk))


@app.command(cls=DatabaseCommand)
def reverse(
    number: Annotated[int, typer.Argument(help="Number of the run, which was printed when it was booked.")],
) -> None:
    """Give back to the tenants everything that a run has charged."""
    run = Run.objects.filter(pk=number).first()
    if run is None:
        raise CommandError(
            _("there is no run %(number)s. Use the number that was printed when the run was booked", number=number)
        )
    reverse_run(run)
    typer.echo(_("The tenants get back what run %(number)s charged.", number=number))


def _shared_cost(property_: Property, name: str) -> SharedCost:
    """Return a property's shared cost. Raises CommandError that lists the names if there is none of that name."""
    cost = SharedCost.objects.filter(property=property_, name=name).first()
    if cost is None:
        known = ", ".join(SharedCost.objects.filter(property=property_).values_list("name", flat=True)) or _("none")
        raise CommandError(
            _(
                "%(property)s has no shared cost '%(name)s'. Known shared costs: %(known)s",
                property=property_.name,
                name=name,
                known=known,
            )
        )
    return cost


def _table(cost: SharedCost, shares: Preview, days: str) -> Table:
    title = f"{cost.name}, {days}: {local_forms.number(exact_money(shares.cost))} {cost.property.currency}"
    table = Table(title=title, title_justify="left")
    for column in (_("unit"), _("tenant")):
        table.add_column(column)
    for column in (_("days"), *(str(BASES[each]) for each in cost.rule()), _("share")):
        table.add_column(column, justify="right")
    for part in sorted(shares.parts, key=lambda part: natural(part.unit.name)):
        weights = [weight_in_words(basis, part.weights[basis]) for basis in cost.rule()]
        holder = part.tenancy.tenant if part.tenancy else _("(landlord)")
        table.add_row(part.unit.name, holder, str(part.days), *weights, local_forms.number(exact_money(part.amount)))
    return table
