"""Bugs of the gateway: its meters, its time, its memory, its conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from ...edge import checks, codes
from ...edge.agent import Agent
from ...edge.effects import Commit, Effect, Keep, MoveSwitch, Reply
from ...edge.guarding import Guard, Tell
from ...edge.meter import Meter, Outcome
from ...edge.observed import Observed
from ...edge.sync import Sync
from ...edge.timekeeping import Moment, Note, Timekeeper
from ...kernel import recovery
from ...kernel.account import Account
from ...kernel.entries import Command, CreditApplied, GrantCredit, Reading, UnknownOrder
from ...kernel.units import HOUR
from ...wire.messages import Head


@contextmanager
def drop_torn_predecessor() -> Iterator[None]:
    """After a torn write, one entry too many is dropped."""
    original = recovery.recover

    def recover(*args: Any) -> recovery.Recovery:
        recovered = original(*args)
        return recovery.Recovery(max(recovered.whole - 1, 0), True) if recovered.torn else recovered

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
def command_out_of_turn() -> Iterator[None]:
    """A command that comes before its turn is taken up, and the commands before it never are."""
    original = Meter.follow

    def follow(self: Meter, now: int, command: Command | UnknownOrder) -> Outcome:
        if command.number > self.account.command:
            self.account.command = command.number - 1
        return original(self, now, command)

    with patch.object(Meter, "follow", follow):
        yield


@contextmanager
def switch_not_retried() -> Iterator[None]:
    """A switch that did not obey is not told again."""
    original = Meter.observe

    def observe(self: Meter, now: int, observed: Observed) -> Outcome:
        closed = self.account.closed
        return original(self, now, observed if closed is None else replace(observed, closed=closed))

    with patch.object(Meter, "observe", observe):
        yield


@contextmanager
def silence_cuts_off() -> Iterator[None]:
    """A meter that does not answer is told to open."""
    original = Meter.fail

    def fail(self: Meter, now: int, cause: str) -> Outcome:
        outcome = original(self, now, cause)
        if self.account.closed:
            self._append(outcome, self.account.relay(now, False, "lost"))
            outcome.switch = False
        return outcome

    with patch.object(Meter, "fail", fail):
        yield


@contextmanager
def switch_before_commit() -> Iterator[None]:
    """The switch moves before the entry that says so is on the flash."""
    original = Agent._settle

    def settle(self: Agent, moment: Moment, outcomes: Mapping[str, Outcome]) -> list[Effect]:
        return sorted(original(self, moment, outcomes), key=lambda effect: not isinstance(effect, MoveSwitch))

    with patch.object(Agent, "_settle", settle):
        yield


@contextmanager
def wall_clock_believed() -> Iterator[None]:
    """The time is whatever the clock shows."""
    with patch.object(Timekeeper, "now", lambda _, moment: moment.now):
        yield


@contextmanager
def clock_believed_at_the_start() -> Iterator[None]:
    """At a start the clock is believed, whatever it shows."""
    original = Timekeeper.start

    def start(self: Timekeeper, moment: Moment, _journalled: int) -> list[Note]:
        return original(self, moment, 0)

    with patch.object(Timekeeper, "start", start):
        yield


@contextmanager
def server_time_ignored() -> Iterator[None]:
    """A gateway ignores the server's time, so it does not learn how long it was off."""
    with patch.object(Timekeeper, "receipt", lambda *_: []):
        yield


@contextmanager
def key_not_kept() -> Iterator[None]:
    """A new key is forgotten with the next loss of power."""
    original = Agent.submit_code

    def submit(self: Agent, moment: Moment, name: str, text: str, way: str) -> tuple[Reply, list[Effect]]:
        reply, effects = original(self, moment, name, text, way)
        return reply, [each for each in effects if not (isinstance(each, Keep) and each.what == "key")]

    with patch.object(Agent, "submit_code", submit):
        yield


@contextmanager
def codes_expire_in_an_hour() -> Iterator[None]:
    """A code that is typed more than an hour after it was made counts as expired."""
    with patch.object(codes, "AWAY", HOUR):
        yield


@contextmanager
def signature_of_commands_not_checked() -> Iterator[None]:
    """A command is believed, whoever signed it."""
    with patch.object(checks, "command_is_signed", lambda *_: True):
        yield


@contextmanager
def lost_uploads_stay_lost() -> Iterator[None]:
    """What was sent once is not sent again while the connection stands."""
    original = Sync.on_head

    def on_head(self: Sync, mono: float, head: Head) -> None:
        original(self, mono, Head(head.meter, head.seq, head.hash))

    with patch.object(Sync, "_out_of_patience", lambda _: float("inf")), patch.object(Sync, "on_head", on_head):
        yield


@contextmanager
def answer_taken_for_all() -> Iterator[None]:
    """After a new connection all that is journalled counts as acknowledged."""
    original = Sync.on_answered

    def on_answered(self: Sync, mono: float) -> None:
        self.acked = dict(self.heads)
        original(self, mono)

    with patch.object(Sync, "on_answered", on_answered):
        yield


@contextmanager
def told_to_open_only_once_a_reading() -> Iterator[None]:
    """Nobody checks whether the credit ends before the next reading."""

    def next_due(self: Meter, now: int, _unjournalled: Reading | None = None) -> int:
        return max(self._next_reading(now), now + self.policy.poll_shortest)

    with patch.object(Meter, "_next_due", next_due):
        yield


@contextmanager
def tamper_seen_at_each_look() -> Iterator[None]:
    """A cover that was opened once is reported again and again."""
    original = Guard.look

    def look(self: Guard, now: int, account: Account, observed: Observed, tell: Tell) -> None:
        self._tampered = observed.tampered
        original(self, now, account, replace(observed, tampered=not self._tampered), tell)

    with patch.object(Guard, "look", look):
        yield


@contextmanager
def power_limit_never_trips() -> Iterator[None]:
    """A meter that draws more than is allowed is not tripped."""
    original = Guard.look

    def look(self: Guard, now: int, account: Account, observed: Observed, tell: Tell) -> None:
        self._over_since = None
        original(self, now, account, observed, tell)

    with patch.object(Guard, "look", look):
        yield


@contextmanager
def sudden_load_not_noticed() -> Iterator[None]:
    """A load that appears at once is compared with itself."""
    original = Guard.look

    def look(self: Guard, now: int, account: Account, observed: Observed, tell: Tell) -> None:
        if observed.power is not None:
            self._seen = (now, observed.power, 0)
        original(self, now, account, observed, tell)

    with patch.object(Guard, "look", look):
        yield


BUGS = (
    drop_torn_predecessor, apply_command_twice, trip_when_offline, command_out_of_turn, switch_not_retried,
    silence_cuts_off, switch_before_commit, wall_clock_believed, clock_believed_at_the_start, server_time_ignored,
    key_not_kept, codes_expire_in_an_hour, signature_of_commands_not_checked, lost_uploads_stay_lost,
    answer_taken_for_all, told_to_open_only_once_a_reading, tamper_seen_at_each_look, power_limit_never_trips,
    sudden_load_not_noticed,
)  # fmt: skip
