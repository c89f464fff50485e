"""The commands `prewatt shared-cost`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from ..kernel.names import natural
from ..kernel.units import exact_money
from ..server.allocation.models import Run, SharedCost
from ..server.allocation.runs import Preview, preview
from ..server.allocation.runs import in_words as weight_in_words
from ..server.allocation.runs import reverse as reverse_run
from ..server.allocation.runs import run as book_run
from ..server.core.amounts import typed_money
from ..server.estate.models import Property
from ..server.estate.wall_clock import typed_day
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
    print_table(_table(cost, preview(cost, *span, amount), f"{begin} – {until}"))
    if not book:
        typer.echo("Nothing is booked yet. To book it, add --book.")
        return
    booked = book_run(cost, *span, amount, memo)
    typer.echo(f"Run {booked.pk} is booked, and is being sent to the meters.")


@app.command(cls=DatabaseCommand)
def reverse(
    number: Annotated[int, typer.Argument(help="Number of the run, which was printed when it was booked.")],
) -> None:
    """Give everything that a run has charged back to the tenants."""
    run = Run.objects.filter(pk=number).first()
    if run is None:
        raise CommandError(f"there is no run {number}. Use the number that was printed when the run was booked")
    reverse_run(run)
    typer.echo(f"The tenants get back what run {number} charged.")


def _shared_cost(property_: Property, name: str) -> SharedCost:
    """Return a property's shared cost. Raises CommandError that lists the names if there is none of that name."""
    cost = SharedCost.objects.filter(property=property_, name=name).first()
    if cost is None:
        known = ", ".join(SharedCost.objects.filter(property=property_).values_list("name", flat=True)) or "none"
        raise CommandError(f"{property_.name} has no shared cost {name!r}. Known shared costs: {known}")
    return cost


def _table(cost: SharedCost, shares: Preview, days: str) -> Table:
    title = f"{cost.name}, {days}: {exact_money(shares.cost)} {cost.property.currency}"
    table = Table(title=title, title_justify="left")
    for column in ("unit", "tenant", "days", *cost.rule(), "share"):
        table.add_column(column, justify="left" if column in ("unit", "tenant") else "right")
    for part in sorted(shares.parts, key=lambda part: natural(part.unit.name)):
        weights = [weight_in_words(basis, part.weights[basis]) for basis in cost.rule()]
        holder = part.tenancy.tenant if part.tenancy else "(landlord)"
        table.add_row(part.unit.name, holder, str(part.days), *weights, exact_money(part.amount))
    return table
