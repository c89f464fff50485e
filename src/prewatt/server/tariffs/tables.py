"""A comparison of tariffs as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from ...kernel.currencies import format_money, format_signed
from ...kernel.units import exact_kwh
from .compare import Comparison


def comparison_tables(comparison: Comparison) -> list[Table]:
    """Return the tables of a comparison: what each home pays, and the differences by rate and by hour."""
    return [_by_home(comparison), _by_rate(comparison), _by_hour(comparison)]


def _by_home(comparison: Comparison) -> Table:
    currency, numbers = comparison.tariffs[0].currency, range(len(comparison.tariffs))
    homes = Table(title=f"Who pays what, {currency}", title_justify="left")
    homes.add_column("home")
    for index, tariff in enumerate(comparison.tariffs):
        homes.add_column(tariff.name, justify="right")
        if index:
            homes.add_column("more", justify="right")
    for home in comparison.ratings[0]:
        charges = [comparison.ratings[index][home].charge for index in numbers]
        homes.add_row(home, *_with_more(charges, currency))
    homes.add_section()
    homes.add_row("all", *_with_more([comparison.total(index) for index in numbers], currency))
    return homes


def _with_more(charges: Sequence[int], currency: str) -> list[str]:
    """Return the cells of charges (nano) by tariff, each but the first with what it is more than the first."""
    cells = [format_money(charges[0], currency)]
    for charge in charges[1:]:
        cells += [format_money(charge, currency), format_signed(charge - charges[0], currency)]
    return cells


def _by_rate(comparison: Comparison) -> Table:
    rates = Table(title="By rate: kWh, and what its energy costs", title_justify="left")
    for name, justify in (("tariff", "left"), ("rate", "left"), ("kWh", "right"), ("energy", "right")):
        rates.add_column(name, justify=justify)  # type: ignore[arg-type]
    for index, tariff in enumerate(comparison.tariffs):
        for rate, (energy, cost) in comparison.by_rate(index).items():
            rates.add_row(tariff.name, rate, exact_kwh(energy), format_money(cost, comparison.tariffs[0].currency))
    return rates


def _by_hour(comparison: Comparison) -> Table:
    currency = comparison.tariffs[0].currency
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
    return hours
