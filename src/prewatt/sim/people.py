"""The tenants of the demonstration: some top up when they are warned, some when the lights go out, and some forget it
for a while.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from ..kernel.units import NANO

NAMES = [
    *("Abe", "Baptiste", "Chen", "Dalal", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen", "Kowalski", "Li"),
    *("Moreau", "Nguyen", "Okafor", "Papadakis", "Quispe", "Rossi", "Singh", "Tamm", "Ueda", "Vargas", "Wang", "Zhao"),
]


class Habit(Enum):
    """How likely a tenant is to pay when looking at the meter: well off, warned, or in the dark."""

    CAREFUL = (0.03, 0.9, 1.0)
    ORDINARY = (0.01, 0.35, 0.8)
    FORGETFUL = (0.0, 0.05, 0.35)


@dataclass(frozen=True)
class Person:
    """A tenant of the demonstration."""

    name: str
    habit: Habit
    amounts: tuple[int, ...]

    def pays(self, rng: random.Random, dark: bool, warned: bool) -> int:
        """Return what this tenant pays when looking at the meter, nano; mostly 0."""
        well, low, off = self.habit.value
        if rng.random() >= (off if dark else low if warned else well):
            return 0
        return rng.choice(self.amounts) * NANO


def people(rng: random.Random, count: int) -> list[Person]:
    """Return `count` tenants."""
    habits = [Habit.CAREFUL, Habit.ORDINARY, Habit.FORGETFUL]
    amounts = [(5, 10), (10, 20), (5, 10, 15)]
    return [
        Person(f"{NAMES[number % len(NAMES)]}", habits[which := rng.choices((0, 1, 2), (3, 4, 3))[0]], amounts[which])
        for number in range(count)
    ]
