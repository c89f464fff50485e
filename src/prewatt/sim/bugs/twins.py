"""Bugs around two gateways with one identity: only a run in which a card was copied can find them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from ...headend import forks
from ...kernel.units import HOUR


@contextmanager
def two_gateways_not_told() -> Iterator[None]:
    """Nobody is told when a process speaks again after another process with the same key."""
    original = forks.after

    def after(spoke: tuple[str, ...], session: bytes) -> tuple[tuple[str, ...], bool]:
        return original(spoke, session)[0], False

    with patch.object(forks, "after", after):
        yield


@contextmanager
def states_given_once_in_two_hours() -> Iterator[None]:
    """After the other gateway is gone, the right one waits for hours until it is told how to go on."""
    with patch.object(forks, "ADOPT_EVERY", 2 * HOUR):
        yield


BUGS = (two_gateways_not_told, states_given_once_in_two_hours)
