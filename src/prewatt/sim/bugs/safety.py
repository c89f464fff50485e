"""Bugs of what is allowed in off hours, and of limits of safety."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from msgspec.structs import replace

from ...edge import guarding
from ...edge.guarding import Guard
from ...kernel.state import State
from ...kernel.supply import Night


@contextmanager
def night_energy_not_counted() -> Iterator[None]:
    """What is used in off hours does not use up what is allowed in them."""
    with patch.object(State, "night_after", lambda self, _at, _energy: self.supply.night):
        yield


@contextmanager
def nights_share_their_allowance() -> Iterator[None]:
    """The allowance of off hours does not start again with the next off hours."""
    original = State.night_after

    def night_after(self: State, at: int, energy: int) -> Night:
        night, known = original(self, at, energy), self.supply.night
        return night if night.until == known.until else replace(night, energy=known.energy + night.energy)

    with patch.object(State, "night_after", night_after):
        yield


@contextmanager
def night_limit_ignored() -> Iterator[None]:
    """In off hours the power is limited as by day."""
    with patch.object(State, "power_limit", State.usual_limit):
        yield


@contextmanager
def limits_never_open() -> Iterator[None]:
    """Limits of safety are not looked at."""
    with patch.object(Guard, "_look_at_limits", lambda *_: None):
        yield


@contextmanager
def one_reading_passes_a_limit() -> Iterator[None]:
    """A single value beyond a limit of safety opens the switch."""
    with patch.object(guarding, "READINGS", 1):
        yield


@contextmanager
def kept_off_after_a_surge() -> Iterator[None]:
    """The supply does not return when the voltage is right again."""
    with patch.object(Guard, "_look_for_right", lambda *_: None):
        yield


BUGS = (
    night_energy_not_counted, nights_share_their_allowance, night_limit_ignored, limits_never_open,
    one_reading_passes_a_limit, kept_off_after_a_surge,
)  # fmt: skip
