"""Seven bugs to plant, so that the fault simulator can be shown to find them. `prewatt sim --bug NAME` runs with one.

Each is a context manager that puts a wrong piece of code in the place of a right one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from ..edge.agent import Agent, Commit, Effect, Moment, MoveSwitch
from ..edge.meter import Meter, Outcome
from ..headend import ingest
from ..kernel import account, entries, rating, recovery, state
from ..kernel.entries import Command, CreditApplied, GrantCredit, UnknownOrder
from ..kernel.rating import Rated
from .faults import World

CENT = 10**7


@contextmanager
def acknowledge_before_commit() -> Iterator[None]:
    """The head-end sends its receipts, and then commits."""
    original = World.__init__

    def init(self: World, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.acknowledge_first = True

    with patch.object(World, "__init__", init):
        yield


@contextmanager
def skip_duplicate_check() -> Iterator[None]:
    """The head-end takes in entries that it has already."""

    def take_in(_result: ingest.Plan, mine: ingest.MeterPlan, _gateway: str, span: Any, late: int) -> None:
        for body in span.bodies:
            ingest.take_entry(mine, entries.decode_entry(body), body, late > 0)

    with patch.object(ingest, "_take_in", take_in):
        yield


@contextmanager
def drop_torn_predecessor() -> Iterator[None]:
    """After a torn write, one entry too many is dropped."""
    original = recovery.recover

    def recover(*args: Any) -> recovery.Recovery:
        found = original(*args)
        return recovery.Recovery(max(found.whole - 1, 0), True) if found.torn else found

    with patch.object(recovery, "recover", recover):
        yield


@contextmanager
def apply_command_twice() -> Iterator[None]:
    """A repeated credit command is applied again."""
    original = Meter.follow

    def follow(self: Meter, now: int, command: Command | UnknownOrder) -> Outcome:
        mine = self.account
        if (
            isinstance(command, Command)
            and isinstance(command.order, GrantCredit)
            and command.order.credit_id in mine.credit_ids
        ):
            mine.credit_ids.discard(command.order.credit_id)
            mine.command = command.number - 1
            amount = command.order.amount
            outcome = Outcome()
            self._append(
                outcome,
                CreditApplied(
                    mine.seq + 1, now, mine.balance + amount, command.number, command.order.credit_id, amount
                ),
            )
            return outcome
        return original(self, now, command)

    with patch.object(Meter, "follow", follow):
        yield


@contextmanager
def round_once() -> Iterator[None]:
    """Charges are rounded to the cent, on both sides alike."""
    original = rating.rate_interval

    def rate_interval(*args: Any) -> Rated:
        rated = original(*args)
        return rated._replace(charge=rated.charge // CENT * CENT)

    with patch.object(state, "rate_interval", rate_interval):
        yield


@contextmanager
def trip_when_offline() -> Iterator[None]:
    """Without a connection the meters are switched off."""
    original = Agent.tick

    def tick(self: Agent, moment: Moment) -> list[Effect]:
        effects = original(self, moment)
        for name, meter in self.meters.items():
            if not self.sync.connected and meter.account.closed:
                outcome = Outcome()
                meter._append(outcome, meter.account.relay(moment.now, False, "offline"))
                effects += [Commit([(name, record) for record in outcome.records]), MoveSwitch(name, False)]
        return effects

    with patch.object(Agent, "tick", tick):
        yield


@contextmanager
def credit_by_both_carriers() -> Iterator[None]:
    """A credit that a code brought is applied again when its command comes."""
    original = account.Account.follow

    def follow(self: account.Account, now: int, command: Command | UnknownOrder) -> entries.CommandEntry:
        coded, self.coded = self.coded, {}
        try:
            return original(self, now, command)
        finally:
            self.coded = coded

    with patch.object(account.Account, "follow", follow):
        yield


BUGS: dict[str, Callable[[], Any]] = {
    "acknowledge-before-commit": acknowledge_before_commit,
    "skip-duplicate-check": skip_duplicate_check,
    "drop-torn-predecessor": drop_torn_predecessor,
    "apply-command-twice": apply_command_twice,
    "round-once": round_once,
    "trip-when-offline": trip_when_offline,
    "credit-by-both-carriers": credit_by_both_carriers,
}
