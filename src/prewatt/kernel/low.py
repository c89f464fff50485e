"""The steps of the low-credit warning: when the warning of each step is due, and when it may come again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .currencies import format_money
from .settings import Settings
from .units import Micro, Nano, exact_kwh


class Step(NamedTuple):
    """One step of the warning, which is due when the balance falls under it. `amount` is Wh at the present price if
    `of_energy` is set, else nano.
    """

    of_energy: bool
    amount: int

    def worth(self, price: Micro) -> Nano:
        """Return the step's worth in nano, at a price in micro per kWh."""
        return self.amount * price if self.of_energy else self.amount

    def is_over(self, balance: Nano, price: Micro) -> bool:
        """Return whether a balance (nano) is under the step."""
        return balance < self.worth(price)

    def is_left(self, balance: Nano, price: Micro) -> bool:
        """Return whether a balance (nano) is at 1.2 times the step or more, so that the warning may come again. A
        balance close to a step may cross it many times.
        """
        return 5 * balance >= 6 * self.worth(price)

    def in_words(self, currency: str) -> str:
        """Return the step as a journal and a page show it: 5.00, without its currency, or 12.5 kWh."""
        if not self.of_energy:
            return format_money(self.amount, currency)
        return f"{exact_kwh(self.amount).rstrip('0').rstrip('.')} kWh"


class Reach(NamedTuple):
    """The distance to the next step: `energy` Wh until it is reached, and `size`, the step's own worth in Wh."""

    energy: int
    size: int


def steps_of(settings: Settings) -> tuple[Step, ...]:
    """Return the steps that the settings name."""
    if not settings.credit_limit and not settings.credit_limit_cuts:
        return ()
    return _steps((settings.low_credit, *settings.low_steps), (settings.low_credit_energy, *settings.low_energy_steps))


@lru_cache(maxsize=256)
def _steps(money: tuple[int, ...], energy: tuple[int, ...]) -> tuple[Step, ...]:
    # At each reading they are asked for.
    steps = (
        Step(of_energy, each)
        for of_energy, all_of in ((False, money), (True, energy))
        for each in sorted({*all_of} - {0})
    )
    return tuple(steps)


def newly_under(untold: Iterable[Step], balance: Nano, price: Micro) -> list[Step]:
    """Return the steps in `untold` that a balance is under, the lowest first. A balance that is used up is not low any
    more: the cut-off speaks for it.
    """
    if balance <= 0:
        return []
    under = [each for each in untold if each.is_over(balance, price)]
    return sorted(under, key=lambda each: each.worth(price))


def next_reach(steps: Iterable[Step], balance: Nano, prices: Iterable[tuple[int, int | None]]) -> Reach | None:
    """Return the distance to the next step below a balance (nano) that is above all of them.

    `prices`: pairs of a price (micro per kWh) and the Wh for which it holds before the next price does (None: without
    end). The result is None if no step is reached before the balance is used up, or if it is used up.
    """
    untold, used = list(steps) if balance > 0 else [], 0
    for price, room in prices:
        for each in untold:
            if each.is_over(balance, price):
                # Dearer from here on, the balance is worth so much less.
                return Reach(used, each.worth(price) // max(price, 1))
        if price > 0 and untold:
            nearest = max(untold, key=lambda each: each.worth(price))
            reach = (balance - nearest.worth(price)) // price + 1
            if room is None or reach <= room:
                return Reach(used + reach, nearest.worth(price) // price)
        if room is None:
            return None
        used, balance = used + room, balance - room * price
        if balance <= 0:
            return None
    return None
