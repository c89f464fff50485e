"""How much energy a credit buys at one instant, for meters that are sold energy ahead and keep their own credit.

The whole energy of a sale counts as used at the instant of the sale (`rating.rate_interval` of no length): its price, its
tiers and its tax are those of that moment.
"""

from __future__ import annotations

from collections.abc import Sequence

from .rating import Counters, Rated, rate_interval
from .tariff import Version
from .units import Instant, Nano, Wh


def price_of(versions: Sequence[Version], at: Instant, energy: Wh, counters: Counters) -> Rated:
    """Return what `energy` Wh cost if they are sold at an instant. `counters`: what was sold and charged before."""
    return rate_interval(versions, at, at, energy, counters)


def energy_for(
    versions: Sequence[Version], at: Instant, credit: Nano, counters: Counters, step: Wh, most: int
) -> int | None:
    """Return how many steps of `step` Wh a credit (nano) buys at an instant: the most that it can pay. None if it can
    pay even `most` steps, because then the price sets no bound (no tariff holds, or energy is free).
    """
    if credit >= price_of(versions, at, most * step, counters).charge:
        return None
    fits, beyond = 0, most
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        if price_of(versions, at, middle * step, counters).charge <= credit:
            fits = middle
        else:
            beyond = middle
    return fits
