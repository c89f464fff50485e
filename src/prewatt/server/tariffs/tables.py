"""A comparison of tariffs as tables for a terminal."""

from __future__ import annotations

from rich.table import Table

from ...kernel.currencies import format_money, format_signed
from ...kernel.units import exact_kwh
from .compare import Comparison


def comparison_tables(comparison: Comparison) -> list[Table]:
    """Return the tables of a comparison: what each home pays, and the differences by rate and by hour."""
    currency = comparison.tariffs[0].currency
    homes = Table(title=f"Who pays what, {currency}", title_justify="left")
    homes.add_column("home")
    for index, tariff in enumerate(comparison.tariffs):
        homes.add_column(tariff.name, justify="right")
        if index:
            homes.add_column("more", justify="right")
    for home in comparison.ratings[0]:
        row = [home]
        for index in range(len(comparison.tariffs)):
            row.append(format_money(comparison.ratings[index][home].charge, currency))
            row += [format_signed(comparison.difference(index, home), currency)] if index else []
        homes.add_row(*row)
    totals = ["all"]
    for index in range(len(comparison.tariffs)):
        totals.append(format_money(comparison.total(index), currency))
        totals += [format_signed(comparison.total(index) - comparison.total(0), currency)] if index else []
    homes.add_section()
    homes.add_row(*totals)
    rates = Table(title="By rate: kWh, and what its energy costs", title_justify="left")
    for name, justify in (("tariff", "left"), ("rate", "left"), ("kWh", "right"), ("energy", "right")):
        rates.add_column(name, justify=justify)  # type: ignore[arg-type]
    for index, tariff in enumerate(comparison.tariffs):
        for rate, (energy, cost) in comparison.by_rate(index).items():
            rates.add_row(tariff.name, rate, exact_kwh(energy), format_money(cost, currency))
    hours = Table(title="By hour of the day: kWh, and what its energy costs", title_justify="left")
    hours.add_column("hour")
    hours.add_column("kWh", justify="right")
    for tariff in comparison.tariffs:
        hours.add_column(tariff.name, justify="right")
    columns = [comparison.by_hour(index) for index in range(len(comparison.tariffs))]
    for hour in range(24):
        hours.add_row(
            f"{hour:02}",
            exact_kwh(columns[0][hour][0]),
            *(format_money(column[hour][1], currency) for column in columns),
        )
    return [homes, rates, hours]
