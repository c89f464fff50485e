"""Rating a recorded year at once, beside `numpy.dot` over the same arrays: the limit is four of its times."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np

from bench.measure import best, show
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Command, SetTariff
from prewatt.kernel.tariff import DayType, Rate, Season, Switch, Tariff
from prewatt.kernel.units import MINUTE, instant
from prewatt.server.metering.series import align
from prewatt.server.tariffs.vectorised import lay_out, rate

METERS, STEP = 250, 15 * MINUTE
BEGIN, END = (instant(datetime(year, 1, 1, tzinfo=UTC)) for year in (2024, 2025))
LIMIT = 4


def tariff() -> Tariff:
    """Three rates and two seasons, after Ontario's."""

    def season(name: str, month: int, noon: str, evening: str) -> Season:
        switches = (
            Switch(0, "off"),
            Switch(420, evening),
            Switch(660, noon),
            Switch(1020, evening),
            Switch(1140, "off"),
        )
        days = (DayType("weekday", (0, 1, 2, 3, 4), switches), DayType("other", (5, 6, 7), (Switch(0, "off"),)))
        return Season(name, month, 1, days)

    rates = (Rate("off", (87_000,)), Rate("mid", (122_000,)), Rate("on", (182_000,)))
    return Tariff(
        "t", "CAD", "America/Toronto", rates, (season("winter", 11, "mid", "on"), season("summer", 5, "on", "mid"))
    )


def main() -> None:
    priced = tariff()
    at = np.arange(BEGIN, END + 1, STEP, dtype=np.int64)
    intervals = len(at) - 1
    energy = np.random.default_rng(1).integers(0, 800, (METERS, intervals))
    prices = np.random.default_rng(2).integers(87_000, 182_000, intervals)
    began = time.perf_counter()
    layout = lay_out(priced, BEGIN, END)
    laid_out = time.perf_counter() - began
    all_of_it = METERS * intervals
    dot = best(lambda: [np.dot(each, prices) for each in energy])
    began = time.perf_counter()
    aligned = align(at, layout.at)
    laid_out += time.perf_counter() - began
    rated = best(lambda: [rate(layout, aligned, each) for each in energy])
    show("rating: intervals, three rates", all_of_it / rated, "numpy.dot", all_of_it / dot)
    print(
        f"{'':<42} {rated / dot:.2f} times the dot's time, {(rated + laid_out) / dot:.2f} with laying the tariff out "
        f"({laid_out * 1000:.0f} ms, once for all meters); the limit is {LIMIT}"
    )
    account = Account()
    account.apply(account.read(BEGIN, 0))
    account.apply(account.follow(BEGIN, Command("m", 1, BEGIN, SetTariff(0, priced))))
    register, entries = 0, []
    began = time.perf_counter()
    for number in range(1, intervals + 1):
        register += int(energy[0][number - 1])
        entry = account.read(int(at[number]), register)
        account.apply(entry)
        entries.append(entry)
    scalar = time.perf_counter() - began
    show("rating: the kernel's, one by one", intervals / scalar, "the above", all_of_it / rated)
    assert rate(layout, aligned, energy[0]).charge == account.charged
    prices = {price for each in priced.rates for price in each.prices}
    assert sum(used.energy for entry in entries for used in entry.used if used.price in prices) == energy[0].sum()


if __name__ == "__main__":
    main()
