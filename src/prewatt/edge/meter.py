"""The rules for one meter: when to read it, what to journal, where its switch belongs. Logic without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from ..kernel.account import Account
from ..kernel.entries import (
    AnyEntry,
    Command,
    Record,
    UnknownOrder,
    chain,
    encode_entry,
)
from ..kernel.units import BALANCE_MAX, DAY, HOUR, MINUTE, REGISTER_MAX

LONGEST = 10 * DAY
"""Most time in one reading: with prices that change each half hour, 480 of them."""


class MeterPolicy(Struct, frozen=True):
    """How closely a meter is watched.

    `reading_interval` (µs): a reading is journalled at each multiple of it, and at each change of the rate.
    `poll_shortest` (µs): the meter is not read more often than this.
    `power_highest` (W): what the supply's main fuse lets through. A meter is read again no later than its credit could
    be exhausted at that power, so a balance overshoots zero by no more than `poll_shortest` at that power.
    """

    reading_interval: int = 15 * MINUTE
    poll_shortest: int = MINUTE
    power_highest: int = 15_000


@dataclass(frozen=True, slots=True)
class Observed:
    """What a driver read: the register (Wh) and whether the switch is closed (None: it can't tell)."""

    register: int
    closed: bool | None


@dataclass(slots=True)
class Outcome:
    """What follows from an input: records to be committed first, then where to move the switch (None: leave it)."""

    records: list[Record] = field(default_factory=list)
    switch: bool | None = None


class Meter:
    """One meter's rules, on top of its account."""

    def __init__(self, name: str, account: Account, head: bytes, policy: MeterPolicy) -> None:
        self.name = name
        self.account = account
        self.head = head
        self.policy = policy
        self.due = 0
        self.lost = False
        self._complained = False

    def start(self, now: int, repaired: bool) -> Outcome:
        """The gateway has started; `repaired` if a torn entry had to be dropped. The meter is due to be read at
        once.
        """
        outcome = Outcome()
        if repaired:
            self._append(outcome, self.account.event(now, "journal-repaired"))
        self._append(outcome, self.account.event(now, "power-up"))
        self.due = 0
        return outcome

    def observe(self, now: int, observed: Observed) -> Outcome:
        """The meter was read at `now`."""
        account = self.account
        reading = account.read(now, observed.register)
        if not 0 <= observed.register <= REGISTER_MAX or abs(reading.balance) > BALANCE_MAX:
            return self.fail(now, f"its register can't stand at {observed.register} Wh")
        outcome = Outcome()
        for missed in account.between(now, observed.register, LONGEST):
            self._append(outcome, missed)
        if self.lost:
            self.lost = False
            self._append(outcome, account.event(now, "meter-back"))
        if outcome.records:
            reading = account.read(now, observed.register)
        exhausted = account.priced and account.closed is not False and reading.balance <= 0
        if account.register is None or now >= self._next_reading() or exhausted:
            self._append(outcome, reading)
        self._decide(now, outcome)
        if outcome.switch is None and account.closed is not None and observed.closed is not None:
            if observed.closed == account.closed:
                self._complained = False
            else:
                outcome.switch = account.closed
                if not self._complained:
                    self._complained = True
                    stands = "closed" if observed.closed else "open"
                    self._append(outcome, account.event(now, "switch-differs", f"it stands {stands}"))
        self.due = self._next_due(now, reading.balance)
        return outcome

    def fail(self, now: int, cause: str) -> Outcome:
        """The meter did not answer. The switch stays where it is: silence is no reason to cut anybody off."""
        outcome = Outcome()
        if not self.lost:
            self.lost = True
            self._append(outcome, self.account.event(now, "meter-lost", cause))
        self.due = now + self.policy.poll_shortest
        return outcome

    def switch_failed(self, now: int, cause: str) -> Outcome:
        """The switch did not obey. It is told again at the next reading, which is soon."""
        outcome = Outcome()
        if not self._complained:
            self._complained = True
            self._append(outcome, self.account.event(now, "switch-failed", cause))
        self.due = now + self.policy.poll_shortest
        return outcome

    def follow(self, now: int, command: Command | UnknownOrder) -> Outcome:
        """Take up a verified command. One that is taken up already, or comes before its turn, changes nothing.

        The switch waits for `decide`: of several commands that arrive together, the last one counts for it.
        """
        outcome = Outcome()
        if command.number == self.account.command + 1:
            self._append(outcome, self.account.follow(now, command))
        return outcome

    def decide(self, now: int) -> Outcome:
        """Commands were taken up: where the switch belongs now, and when to look next."""
        outcome = Outcome()
        self._decide(now, outcome)
        if self.account.register is not None and not self.lost:
            self.due = self._next_due(now, self.account.balance)
        return outcome

    def _append(self, outcome: Outcome, entry: AnyEntry) -> None:
        self.account.apply(entry)
        body = encode_entry(entry)
        self.head = chain(self.head, body)
        outcome.records.append(Record(entry.seq, body, self.head))

    def _decide(self, now: int, outcome: Outcome) -> None:
        account = self.account
        if account.is_low() and not account.low and account.priced:
            self._append(outcome, account.event(now, "low-credit"))
        wanted = account.wants_closed()
        if wanted is not None and wanted != account.closed:
            self._append(outcome, account.relay(now, wanted, "credit" if wanted else "exhausted"))
            outcome.switch = wanted
            self._complained = False

    def _next_reading(self) -> int:
        read_at, interval = self.account.read_at, self.policy.reading_interval
        return min((read_at // interval + 1) * interval, self.account.next_boundary())

    def _next_due(self, now: int, balance: int) -> int:
        due = self._next_reading()
        price = self.account.highest_price(now)
        if self.account.closed is not False and price > 0:
            exhausted = now + max(balance, 0) // price * HOUR // self.policy.power_highest
            due = min(due, max(exhausted, now + self.policy.poll_shortest))
        return max(due, now + 1)
