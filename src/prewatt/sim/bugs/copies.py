"""Bugs around copies that are put back, on either side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from ...edge.agent import Agent
from ...edge.effects import Adopt, Effect
from ...edge.meter import Meter
from ...headend import forks, unlogged
from ...kernel.account import Account
from ...kernel.entries import CommandEntry
from ..faults.database import Database


@contextmanager
def set_back_taken_for_right() -> Iterator[None]:
    """A journal that ends earlier, or differs, counts as the continuation of what is stored."""
    with patch.object(forks, "differs", lambda *_: False), patch.object(forks, "strays", lambda *_: False):
        yield


@contextmanager
def old_epoch_never_answered() -> Iterator[None]:
    """A gateway with an old copy of its file is not told that its epoch is over."""
    with patch.object(forks, "epoch_over", lambda *_: None):
        yield


@contextmanager
def states_not_believed() -> Iterator[None]:
    """A gateway does not go on from the server's states."""
    with patch.object(Agent, "_on_states", lambda *_: []):
        yield


@contextmanager
def states_taken_but_not_kept() -> Iterator[None]:
    """A gateway goes on from the server's states in memory alone."""
    original = Agent._on_states

    def on_states(self: Agent, *args: Any) -> list[Effect]:
        return [each for each in original(self, *args) if not isinstance(each, Adopt)]

    with patch.object(Agent, "_on_states", on_states):
        yield


@contextmanager
def head_of_its_own_kept() -> Iterator[None]:
    """A meter that goes on from the server's state chains on from its own last entry."""
    original = Meter.adopt

    def adopt(self: Meter, account: Account, head: bytes) -> None:
        before = self.head
        original(self, account, head)
        self.head = before

    with patch.object(Meter, "adopt", adopt):
        yield


@contextmanager
def told_by_number_alone() -> Iterator[None]:
    """An entry counts for the command that has its number now, whatever the entry says."""
    with patch.object(unlogged, "shows", lambda *_: True):
        yield


@contextmanager
def nothing_numbered_anew() -> Iterator[None]:
    """After a copy was put back, commands keep numbers that meters have used."""
    with patch.object(Database, "renumber", lambda *_: None):
        yield


@contextmanager
def found_credit_not_applied() -> Iterator[None]:
    """A credit that the meter has and the log forgot does not count on the server's side."""
    original = Account.adopt

    def adopt(self: Account, entry: Any) -> Any:
        is_credit = isinstance(entry, CommandEntry) and hasattr(entry, "credit_id")
        return original(self, entry) if not is_credit else self.event(entry.at, "unknown")

    with patch.object(Account, "adopt", adopt):
        yield


BUGS = (
    set_back_taken_for_right, old_epoch_never_answered, states_not_believed, states_taken_but_not_kept,
    head_of_its_own_kept, told_by_number_alone, nothing_numbered_anew, found_credit_not_applied,
)  # fmt: skip
