"""A bug in the order that leads a journal with a future time back to the present."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from ...kernel.account import Account
from ...kernel.entries import Command, CommandEntry, LeadBack, UnknownOrder


@contextmanager
def led_back_by_the_journals_time() -> Iterator[None]:
    """The journal's end counts as the time, as for all other orders, so the journal never seems to be ahead."""
    original = Account.follow

    def follow(self: Account, now: int, command: Command | UnknownOrder) -> CommandEntry:
        leads_back = isinstance(command, Command) and isinstance(command.order, LeadBack)
        return original(self, max(now, self.at) if leads_back else now, command)

    with patch.object(Account, "follow", follow):
        yield


BUGS = (led_back_by_the_journals_time,)
