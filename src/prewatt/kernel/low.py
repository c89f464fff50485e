"""The steps of the warning that credit is running low: when each is told, and when again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .currencies import format_money
from .settings import Settings
from .units import Micro, Nano, exact_kwh


class Step(NamedTuple):
    """Told when the balance falls under it: `amount` Wh at the price of the moment if it is `of_energy`, else nano."""

    of_energy: bool
    amount: int

    def worth(self, price: Micro) -> Nano:
        """Nano, at a price of so many micro per kWh."""
        return self.amount * price if self.of_energy else self.amount

    def is_over(self, balance: Nano, price: Micro) -> bool:
        """Whether a balance (nano) is under it."""
        return balance < self.worth(price)

    def is_left(self, balance: Nano, price: Micro) -> bool:
        """Whether a balance is so far above it, at 1.2 times, that it may be told again. About a step itself a balance
        trembles.
        """
        return 5 * balance >= 6 * self.worth(price)

    def in_words(self, currency: str) -> str:
        """The step as a journal and a page name it: 5.00, without its currency, or 12.5 kWh."""
        if not self.of_energy:
            return format_money(self.amount, currency)
        return f"{exact_kwh(self.amount).rstrip('0').rstrip('.')} kWh"


class Reach(NamedTuple):
    """The next step: so many Wh away (`energy`), and worth so many Wh itself (`size`)."""

    energy: int
    size: int


def steps_of(settings: Settings) -> tuple[Step, ...]:
    """The steps that settings name."""
    return _steps((settings.low_credit, *settings.low_steps), (settings.low_credit_energy, *settings.low_energy_steps))


@lru_cache(maxsize=256)
def _steps(money: tuple[int, ...], energy: tuple[int, ...]) -> tuple[Step, ...]:
    # At each reading they are asked for.
    found = (
        Step(of_energy, each)
        for of_energy, all_of in ((False, money), (True, energy))
        for each in sorted({*all_of} - {0})
    )
    return tuple(found)


def newly_under(untold: Iterable[Step], balance: Nano, price: Micro) -> list[Step]:
    """Of the steps that nobody was told of those that a balance is under, the lowest first. What is used up is no longer low: of
    that the cut-off speaks.
    """
    if balance <= 0:
        return []
    found = [each for each in untold if each.is_over(balance, price)]
    return sorted(found, key=lambda each: each.worth(price))


def next_reach(steps: Iterable[Step], balance: Nano, prices: Iterable[tuple[int, int | None]]) -> Reach | None:
    """How far the next of some steps is, with a balance above all of them. `prices`: micro per kWh, and for how many Wh
    it holds before the next one does (None: without end). None if none is reached before the balance is used up, or it is.
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
