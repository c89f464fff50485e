"""Bugs of a journal that is led back to the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from ...kernel.account import Account
from ...kernel.entries import Command, CommandEntry, LeadBack, UnknownOrder
from ...kernel.replay import Replay


@contextmanager
def led_back_by_the_journals_time() -> Iterator[None]:
    """Where the journal stands is taken for the time, as for all other orders: it is never ahead."""
    original = Account.follow

    def follow(self: Account, now: int, command: Command | UnknownOrder) -> CommandEntry:
        leads_back = isinstance(command, Command) and isinstance(command.order, LeadBack)
        return original(self, max(now, self.at) if leads_back else now, command)

    with patch.object(Account, "follow", follow):
        yield


@contextmanager
def led_back_and_not_read() -> Iterator[None]:
    """The journal goes on from an earlier instant, and what is charged does not."""
    original = Replay._lead_back

    def lead_back(self: Replay, at: int) -> None:
        read_at = self.read_at
        original(self, at)
        self.read_at = read_at

    with patch.object(Replay, "_lead_back", lead_back):
        yield


BUGS = (led_back_by_the_journals_time, led_back_and_not_read)
