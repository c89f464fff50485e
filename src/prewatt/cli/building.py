"""The commands `prewatt building`: energy losses."""

from __future__ import annotations

from rich.table import Table

from ..kernel.units import exact_kwh
from ..server.core.time import now
from ..server.metering.balance import by_month, month_of, over
from .command import group, print_table
from .lookup import property_named
from .on_server import DatabaseCommand, PropertyOption

app = group()


@app.command(cls=DatabaseCommand)
def losses(property_name: PropertyOption = "") -> None:
    """Show for each month the energy that the main meter measured and no other meter accounts for."""
    property_ = property_named(property_name)
    table = Table(title=f"Energy losses of {property_.name}, kWh", title_justify="left")
    for column in ("month", "main", "units", "common", "unaccounted", "%", ""):
        table.add_column(column, justify="left" if column == "month" else "right")
    for span in by_month(property_, now()):
        figures = [exact_kwh(energy) for energy in (span.main, span.units, span.common, span.unaccounted)]
        alarm = f"over {property_.loss_alarm} %" if over(span, property_) else ""
        table.add_row(f"{month_of(span, property_):%Y-%m}", *figures, str(span.percent), alarm)
    print_table(table)
