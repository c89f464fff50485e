"""Tariffs of the virtual world, with numbers that leave remainders. All switch at full quarters of an hour."""

from __future__ import annotations

from random import Random

from ...kernel.tariff import DayType, Period, Rate, Season, Switch, Tariff, Tax, Tiers, all_year, flat_tariff
from ...kernel.units import NANO


def some_tariff(zone: str, dice: Random) -> Tariff:
    """Return a flat tariff, one with two rates, or one with everything that a tariff can have."""
    kind = dice.randrange(4)
    if kind == 0:
        return flat_tariff("flat", "EUR", zone, dice.randrange(200_000, 600_000))
    if kind == 1:
        return _two_rates(zone, dice)
    return _tiered(zone, dice)


def _two_rates(zone: str, dice: Random) -> Tariff:
    night, day = dice.randrange(50_000, 200_000), dice.randrange(200_000, 900_000)
    begin, end = dice.randrange(16, 40) * 15, dice.randrange(70, 95) * 15
    every_day = DayType("every day", tuple(range(8)), (Switch(0, "night"), Switch(begin, "day"), Switch(end, "night")))
    rates = (Rate("night", (night,)), Rate("day", (day,)))
    standing, fee = dice.choice((0, NANO // 7)), dice.choice((0, 10_007))
    return Tariff("two rates", "EUR", zone, rates, (Season("year", 1, 1, (every_day,)),), standing=standing, fee=fee)


def _tiered(zone: str, dice: Random) -> Tariff:
    per, by_rate = dice.choice(list(Period)), dice.random() < 0.5
    upto = (dice.choice((1_001, 5_003)), 20_011)
    rates = (Rate("work", (193_001, 350_003, 800_009)), Rate("rest", (93_001, 250_003, 500_009)))
    weekend = DayType("weekend", (5, 6, 7), (Switch(0, "rest"),))
    week = DayType("week", (0, 1, 2, 3, 4), (Switch(0, "rest"), Switch(390, "work"), Switch(1230, "rest")))
    winter = Season("winter", 11, 1, (week, weekend), (upto[0] + 500, 30_011))
    seasons = (Season("summer", 4, 1, (week, weekend)), winter) if dice.random() < 0.5 else (all_year("work"),)
    tax = dice.choice((None, Tax("VAT", 190_000, included=False), Tax("VAT", 190_000, included=True)))
    minimum, standing = dice.choice((0, 9 * NANO)), dice.choice((0, NANO // 7))
    return Tariff(
        "tiered",
        "EUR",
        zone,
        rates,
        seasons,
        (),
        Tiers(per, upto, by_rate),
        standing,
        dice.choice((0, 10_007)),
        tax,
        minimum,
    )
