"""A comparison of tariffs for a terminal."""

from __future__ import annotations

from rich.table import Table

from ...kernel.currencies import format_money, format_signed
from ...kernel.units import exact_kwh
from .compare import Comparison


def comparison_tables(found: Comparison) -> list[Table]:
    """The comparison for a terminal: who pays what, and where the difference comes from."""
    currency = found.tariffs[0].currency
    who = Table(title=f"Who pays what, {currency}", title_justify="left")
    who.add_column("home")
    for index, tariff in enumerate(found.tariffs):
        who.add_column(tariff.name, justify="right")
        if index:
            who.add_column("more", justify="right")
    for home in found.ratings[0]:
        row = [home]
        for index in range(len(found.tariffs)):
            row.append(format_money(found.ratings[index][home].charge, currency))
            row += [format_signed(found.difference(index, home), currency)] if index else []
        who.add_row(*row)
    totals = ["all"]
    for index in range(len(found.tariffs)):
        totals.append(format_money(found.total(index), currency))
        totals += [format_signed(found.total(index) - found.total(0), currency)] if index else []
    who.add_section()
    who.add_row(*totals)
    rates = Table(title="By rate: kWh, and what its energy costs", title_justify="left")
    for name, justify in (("tariff", "left"), ("rate", "left"), ("kWh", "right"), ("energy", "right")):
        rates.add_column(name, justify=justify)  # type: ignore[arg-type]
    for index, tariff in enumerate(found.tariffs):
        for rate, (energy, cost) in found.by_rate(index).items():
            rates.add_row(tariff.name, rate, exact_kwh(energy), format_money(cost, currency))
    hours = Table(title="By hour of the day: kWh, and what its energy costs", title_justify="left")
    hours.add_column("hour")
    hours.add_column("kWh", justify="right")
    for tariff in found.tariffs:
        hours.add_column(tariff.name, justify="right")
    columns = [found.by_hour(index) for index in range(len(found.tariffs))]
    for hour in range(24):
        hours.add_row(
            f"{hour:02}",
            exact_kwh(columns[0][hour][0]),
            *(format_money(column[hour][1], currency) for column in columns),
        )
    return [who, rates, hours]
