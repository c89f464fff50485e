"""The commands `prewatt building`: energy losses."""

from __future__ import annotations

from rich.table import Table

from ..server.core import local_forms
from ..server.core.time import now
from ..server.metering.balance import by_month, month_of, over
from ..terminal_texts import _
from .command import group, print_table
from .lookup import property_named
from .on_server import DatabaseCommand, PropertyOption

app = group()


@app.command(cls=DatabaseCommand)
def losses(property_name: PropertyOption = "") -> None:
    """Show for each month the energy that the main meter measured and no other meter accounts for."""
    property_ = property_named(property_name)
    table = Table(title=_("Energy losses of %(property)s, kWh", property=property_.name), title_justify="left")
    table.add_column(_("month"))
    for column in (_("main"), _("units"), _("common"), _("unaccounted"), "%", ""):
        table.add_column(column, justify="right")
    for span in by_month(property_, now()):
        figures = [local_forms.kwh(energy) for energy in (span.main, span.units, span.common, span.unaccounted)]
        alarm = _("over %(limit)s %%", limit=property_.loss_alarm) if over(span, property_) else ""
        table.add_row(f"{month_of(span, property_):%Y-%m}", *figures, local_forms.number(str(span.percent)), alarm)
    print_table(table)
