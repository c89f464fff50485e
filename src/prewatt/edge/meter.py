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
from ..kernel.supply import Action
from ..kernel.units import BALANCE_MAX, DAY, HOUR, MINUTE, REGISTER_MAX, SECOND

STEP_WITHIN = 2 * MINUTE
"""Two readings of the power further apart than this show no step."""
RESISTIVE = 10
"""A step is resistive if its reactive part is at most one in so many."""
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
    """What a driver read: the register (Wh), whether the switch is closed, the power drawn (W) and its reactive part
    (var), each None if the meter can't tell; and whether it was tampered with.
    """

    register: int
    closed: bool | None
    power: int | None = None
    reactive: int | None = None
    tampered: bool = False


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
        self._over_since: int | None = None
        self._seen: tuple[int, int, int] | None = None
        self._tampered = False

    def start(self, now: int, repaired: bool, replaced: bool = False) -> Outcome:
        """The gateway has started; `repaired` if a torn entry had to be dropped, `replaced` if another gateway had the
        meter before. The meter is due to be read at once.
        """
        outcome = Outcome()
        if replaced:
            self._append(outcome, self.account.event(now, "gateway-replaced"))
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
        exhausted = account.priced and account.closed is not False and reading.balance <= -account.allowance(now)
        if account.register is None or now >= self._next_reading() or exhausted:
            self._append(outcome, reading)
        self._guard(now, observed, outcome)
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

    def credit_by_code(self, now: int, tid: int, amount: int, by: str) -> Outcome:
        """A code of `amount` nano was typed. ValueError, for people, if it is worth nothing."""
        outcome = Outcome()
        self._append(outcome, self.account.by_code(now, tid, amount, by))
        return self._decided(now, outcome)

    def act(
        self, now: int, action: Action, by: str, grant: str = "", reason: str = "", tid: int | None = None
    ) -> Outcome:
        """A person does something on site. ValueError, for people, if it can't be done."""
        outcome = Outcome()
        self._append(outcome, self.account.on_site(now, action, by, grant, reason, tid))
        return self._decided(now, outcome)

    def note(self, now: int, code: str, detail: str = "") -> Outcome:
        """Something happened at the gateway that concerns this meter."""
        outcome = Outcome()
        self._append(outcome, self.account.event(now, code, detail))
        return outcome

    def _decided(self, now: int, outcome: Outcome) -> Outcome:
        decision = self.decide(now)
        outcome.records += decision.records
        outcome.switch = decision.switch
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
        wanted = account.wants_closed(now)
        if wanted is not None and wanted != account.closed:
            why = account.why_open(now) if not wanted else "reclosed" if account.supply.tripped else "credit"
            self._append(outcome, account.relay(now, wanted, why))
            outcome.switch = wanted
            self._complained = False

    def _guard(self, now: int, observed: Observed, outcome: Outcome) -> None:
        """Power over the limit for too long, a forbidden load, tampering."""
        account, rules = self.account, self.account.settings.power
        if observed.tampered and not self._tampered:
            self._append(outcome, account.event(now, "tamper"))
        self._tampered = observed.tampered
        power, seen = observed.power, self._seen
        drawing = power is not None and account.closed is not False and observed.closed is not False
        if not drawing:
            self._over_since = self._seen = None
            return
        assert power is not None
        if rules.step and observed.reactive is not None:
            self._seen = (now, power, observed.reactive)
            if seen and now - seen[0] <= STEP_WITHIN:
                step, reactive = power - seen[1], abs(observed.reactive - seen[2])
                # A heating wire or a cooker draws power and next to nothing beside it; a motor does not.
                if step >= rules.step and reactive * RESISTIVE <= step:
                    self._append(outcome, account.event(now, "forbidden-load", f"{step} W at once"))
                    return
        limit = account.power_limit(now)
        if not limit or power <= limit:
            self._over_since = None
        elif self._over_since is None and rules.delay:
            self._over_since = now
        elif now - (self._over_since or now) >= rules.delay * SECOND:
            self._over_since = None
            self._append(outcome, account.event(now, "overload", f"{power} W, the limit is {limit} W"))
            if account.supply.trips > rules.recloses:
                self._append(outcome, account.event(now, "overload-locked"))

    def _next_reading(self) -> int:
        read_at, interval = self.account.read_at, self.policy.reading_interval
        return min((read_at // interval + 1) * interval, self.account.next_boundary())

    def _next_due(self, now: int, balance: int) -> int:
        account, rules = self.account, self.account.settings.power
        due = min(self._next_reading(), account.next_supply_change(now))
        if account.closed is not False and (rules.step or account.power_limit(now)):
            # A limit is only as good as it is looked after.
            watch = rules.delay * SECOND if self._over_since is not None or rules.step else self.policy.poll_shortest
            due = min(due, now + max(min(watch, self.policy.poll_shortest), SECOND))
        price = self.account.highest_price(now)
        if self.account.closed is not False and price > 0:
            exhausted = now + max(balance + account.allowance(now), 0) // price * HOUR // self.policy.power_highest
            due = min(due, max(exhausted, now + self.policy.poll_shortest))
        return max(due, now + 1)
