"""The rules for one meter: when to read it, what to journal, where its switch belongs. Logic without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct

from ..kernel.account import Account
from ..kernel.entries import (
    AnyEntry,
    Command,
    Doubtful,
    Exchanged,
    Reading,
    Record,
    UnknownOrder,
    chain,
    encode_entry,
)
from ..kernel.events import EventKind
from ..kernel.off_hours import OFF_HOURS
from ..kernel.orders import Action
from ..kernel.plausible import (
    ALONE_FOR,
    BACKWARDS,
    FALLEN,
    JUMPED,
    OFF_WAIT,
    RETURNED,
    UNCONFIRMED,
    UNSEEN,
    Doubt,
    agrees,
    most,
)
from ..kernel.quantities import Quantity
from ..kernel.units import BALANCE_MAX, DAY, HOUR, INSTANT_MAX, MINUTE, SECOND
from .approach import Approach
from .bounds import Bounds
from .guarding import Guard, Tell
from .observed import Foreign, Observed

__all__ = ("Foreign", "Meter", "MeterPolicy", "Observed", "Outcome")

AGAIN = 10 * SECOND
"""A register that can't be true is read again so soon."""
AGAIN_FOR = 5 * MINUTE
"""For so long; then as often as any other."""
DOUBTED_FOR = HOUR
BACK_FOR = DAY
STILL_FOR = 14 * DAY
"""After so long somebody is told of a register that can't be true, stands under what it was, or does not move."""


class MeterPolicy(Struct, frozen=True):
    """How closely a meter is watched.

    `reading_interval` (µs): a reading is journalled at each multiple of it, and at each change of the rate.
    `poll_shortest` (µs): the meter is not read more often than this, but for a register that can't be true. A meter is
    read again no later than its credit could be exhausted at the power of its fuse, so a balance overshoots zero by no
    more than `poll_shortest` at that power.
    """

    reading_interval: int = 15 * MINUTE
    poll_shortest: int = MINUTE


@dataclass(slots=True)
class Outcome:
    """What follows from an input: records to be committed first, then where to move the switch (None: leave it)."""

    records: list[Record] = field(default_factory=list)
    switch: bool | None = None


class _Lasting(NamedTuple):
    """Something that is wrong with a register: `since` when by the journal, whether that was `earlier` than this process
    first saw it, and when that was by the gateway's own time (`seen`), which goes with it when it is set.
    """

    since: int
    earlier: bool
    seen: int

    @property
    def began(self) -> int:
        """Since when it lasts: what began in this process by its own time, else by the journal where that is not ahead."""
        return min(self.since, self.seen) if self.earlier else self.seen


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
        # Since when it is seen to have cut off by itself; whether it stays so until its register is believed.
        self._alone: int | None = None
        self.waits = False
        # Told to move, and not seen to stand there since: what a switch confirms is a claim too.
        self._unseen = False
        self.guard = Guard()
        # What it measured beside its register last.
        self.quantities: Mapping[Quantity, int] = {}
        self._candidate: Doubt | None = None
        self._agreeing = 0
        self._told: set[str] = set()
        self._measured: dict[str, _Lasting] = {}
        self._foreign = ""
        # Of what was journalled that it began: its end is journalled too.
        self._lost_told, self._foreign_told = False, ""
        self._bounds = Bounds()
        self._journalled_at = INSTANT_MAX
        # Wh that the last reading showed and that is not journalled yet.
        self._counted = 0
        self._approach = Approach()

    @property
    def serial(self) -> str:
        """What the meter that hangs here says of itself."""
        return self.account.serial or self.name

    def start(self, now: int, repaired: bool, replaced: bool = False) -> Outcome:
        """The gateway has started; `repaired` if its journal had to be mended, `replaced` if another gateway had the
        meter before. The meter is due to be read at once.
        """
        outcome = Outcome()
        if replaced:
            self._append(outcome, self.account.event(now, EventKind.GATEWAY_REPLACED))
        if repaired:
            self._append(outcome, self.account.event(now, EventKind.JOURNAL_REPAIRED))
        self._append(outcome, self.account.event(now, EventKind.POWER_UP))
        self.due = 0
        return outcome

    def adopt(self, account: Account, head: bytes) -> None:
        """Go on from another state than that of this journal. The meter is due to be read at once."""
        self.account, self.head, self.due = account, head, 0
        self._complained, self._candidate, self._agreeing, self._told, self._measured = False, None, 0, set(), {}
        self._counted, self._alone = 0, None
        self.lost = self._lost_told = False
        self.guard.adopt()
        self._foreign = self._foreign_told = ""

    def clock_set(self, by: int) -> None:
        """The gateway's time was set by so many µs: what this process has measured by it goes with it."""
        self.due += by
        self.guard.clock_set(by)
        self._journalled_at += by if self._journalled_at < INSTANT_MAX else 0
        self._approach.clock_set()
        last = self._candidate
        self._candidate = last and Doubt(last.register, last.at + by, last.since + by, last.cause)
        self._bounds.clock_set(by)
        self._alone = None if self._alone is None else self._alone + by
        self._measured = {code: each._replace(seen=each.seen + by) for code, each in self._measured.items()}

    def observe(self, now: int, observed: Observed) -> Outcome:
        """The meter was read at `now`."""
        account, outcome = self.account, Outcome()
        self._foreign, self.quantities = "", observed.quantities
        if self._lost_told or account.foreign_since:
            self._append(outcome, account.event(now, EventKind.METER_BACK))
        self.lost = self._lost_told = False
        reading = self._believed(now, observed, outcome)
        if reading is not None and abs(reading.balance) > BALANCE_MAX:
            reading = None
        if reading is not None:
            self._counted = reading.energy
            if self._is_due(now, reading):
                for part in account.parts(reading):
                    self._append(outcome, part)
                reading, self._journalled_at, self._counted = None, now, 0
        self._approach.observe(now, observed.register, observed.power)
        self._watch_register(now, observed, outcome)
        self.guard.look(now, account, observed, self._teller(now, outcome))
        used_up = observed.allowance == 0 and observed.closed is False and account.closed is not False
        if used_up and self._alone is None:
            self._alone = now
            self._say(outcome, now, EventKind.CUT_OFF_ALONE)
        elif not used_up:
            self._alone = None
        self.waits = self._waits(now, observed)
        self._decide(now, outcome)
        if outcome.switch is None and account.closed is not None and observed.closed is not None:
            if observed.closed == account.closed:
                self._complained = self._unseen = False
            elif not self.waits:
                outcome.switch, self._unseen = account.closed, True
                if not self._complained and not used_up:
                    self._complained = True
                    self._say(
                        outcome, now, EventKind.SWITCH_DIFFERS, f"it stands {'closed' if observed.closed else 'open'}"
                    )
        elif outcome.switch is None:
            # Nothing to be told, or a meter that can't tell.
            self._unseen = False
        self.due = self._next_due(now, reading)
        return outcome

    def _is_due(self, now: int, reading: Reading) -> bool:
        """Whether a reading is to be journalled, for its hour or for what it brings about."""
        account = self.account
        exhausted = account.closed is not False and (
            (account.priced and not account.left(now, reading.balance)) or account.night_left(now, reading.energy) == 0
        )
        if account.register is None or now >= self._next_reading(now) or exhausted or account.doubt is not None:
            return True
        return bool(account.to_warn(reading.at, reading.balance, account.counters_after(reading)))

    def _believed(self, now: int, observed: Observed, outcome: Outcome) -> Reading | None:
        """What is to be charged for a register; None if it can't be true. What is to be said of that goes into `outcome`."""
        account, register = self.account, observed.register
        stood = self._stood(now, register)
        seen = account.read(now, register, observed.end, unseen=stood)
        if isinstance(seen, Reading) and now < account.at:
            seen = self._while_ahead(now, seen, stood)
        if isinstance(seen, Reading):
            self._candidate, self._agreeing = None, 0
            return seen
        if seen.cause == BACKWARDS:
            # It stands under what was charged: nothing flows back, and the next watt-hours are paid already.
            self._candidate, self._agreeing = None, 0
            if not account.back_since or now >= self._next_reading(now):
                self._append(outcome, seen)
            return account.hold(now)
        self._count(now, register)
        doubt, enough = account.doubt, account.settings.doubtful_readings
        settled = self._agreeing >= enough and seen.cause in (JUMPED, FALLEN, RETURNED, UNCONFIRMED)
        # Nonsense without end does not fill the flash.
        worth = doubt is None or settled or now - doubt.at >= self.policy.reading_interval
        differs = doubt is None or seen.cause != doubt.cause or not self._follows(doubt, now, register)
        if (settled or (worth and differs)) and not self._may_say(outcome, now, EventKind.REGISTER_DOUBTFUL):
            return None
        if worth and differs:
            self._append(outcome, seen)
        if not settled:
            return None
        if seen.cause != UNCONFIRMED:
            self._append(outcome, account.rebase(now, register))
            seen = account.read(now, register, observed.end)
            if isinstance(seen, Doubtful) and seen.cause == UNCONFIRMED:
                # It is back after a long time: those that agreed that it is agree on this too.
                self._append(outcome, seen)
        self._candidate, self._agreeing = None, 0
        right = account.read(now, register, observed.end, confirmed=True)
        return right if isinstance(right, Reading) else None

    def _while_ahead(self, now: int, seen: Reading, stood: bool) -> Reading | Doubtful:
        """The journal is ahead of the time, and can't tell how much of it passed: here that is known, if this process has
        read the meter before.
        """
        account = self.account
        if seen.energy > self._most(now):
            if self._has_read(now):
                return account.doubted(now, seen.register, JUMPED)
            return seen if stood else account.doubted(now, seen.register, UNSEEN)
        alone = most(account.settings.power_highest, ALONE_FOR)
        return account.doubted(now, seen.register, UNCONFIRMED) if seen.energy > alone else seen

    def _most(self, now: int) -> int:
        """Most Wh since the last reading that was journalled, by the gateway's own time."""
        since = self._journalled_at if self._has_read(now) else now
        return most(self.account.settings.power_highest, now - since)

    def _has_read(self, now: int) -> bool:
        """Whether this process has journalled a reading, and its time was not set back since."""
        return self._journalled_at <= now

    def _stood(self, now: int, register: int) -> bool:
        """Whether readings have agreed with one another for so long that nobody will come who knows the time."""
        last = self._candidate
        return last is not None and now - last.since >= OFF_WAIT and self._follows(last, now, register)

    def _follows(self, doubt: Doubt, now: int, register: int) -> bool:
        return agrees(doubt, register, now, self.account.settings.power_highest)

    def _count(self, now: int, register: int) -> None:
        """How many readings in a row agree with one another."""
        last = self._candidate
        agreeing = last is not None and self._follows(last, now, register)
        self._agreeing = self._agreeing + 1 if agreeing else 1
        self._candidate = Doubt(register, now, last.since if last is not None and agreeing else now, "")

    def _waits(self, now: int, observed: Observed) -> bool:
        """Whether a meter that cut off by itself stays so for a moment: its register would use up the credit, and readings have
        yet to agree that it is true. Who has paid for all of it does not wait.
        """
        account = self.account
        if self._alone is None or account.doubt is None or now - self._alone >= AGAIN_FOR:
            return False
        used = max(observed.register - (account.register or 0), 0)
        return used * account.highest_price(now) >= account.left(now, account.balance)

    def _watch_register(self, now: int, observed: Observed, outcome: Outcome) -> None:
        """Tell once of a register that is wrong for long."""
        account = self.account
        supplied = account.closed is not False and observed.closed is not False
        for code, since, lasts in (
            (EventKind.REGISTER_DOUBTFUL, account.doubt.since if account.doubt else 0, DOUBTED_FOR),
            (EventKind.REGISTER_BACKWARDS, account.back_since, BACK_FOR),
            (EventKind.REGISTER_STILL, account.moved_at if supplied and account.moved_at <= now else 0, STILL_FOR),
        ):
            if not since or (code in self._measured and self._measured[code].since != since):
                self._measured.pop(code, None)
                self._told.discard(code)
            if not since:
                continue
            began = self._measured.setdefault(code, _Lasting(since, since < now, now)).began
            if now - began >= lasts and code not in self._told:
                self._told.add(code)
                self._append(outcome, account.event(now, code, f"it stands at {observed.register} Wh"))

    def foreign(self, now: int, serial: str) -> Outcome:
        """Another meter answers in this one's place. The supply goes on for as long as the settings say."""
        outcome = Outcome()
        self._foreign = serial
        self.guard.silent()
        told = serial == self._foreign_told and self.account.foreign_since
        if not told and self._say(outcome, now, EventKind.FOREIGN_METER, serial):
            self._foreign_told = serial
        self._decide(now, outcome)
        self.due = now + self.policy.poll_shortest
        return outcome

    def fail(self, now: int, cause: str) -> Outcome:
        """The meter did not answer: that is no reason to cut anybody off, nor to leave somebody in the dark whose off hours
        are over, or who has waited long enough after a trip. What can't be read may be able to switch all the same.
        """
        outcome = Outcome()
        self.lost = True
        self.guard.silent()
        self._lost_told = self._lost_told or self._say(outcome, now, EventKind.METER_LOST, cause)
        if self.account.closed is False and self.account.wants_closed(now, self.guard.tripped):
            self._decide(now, outcome)
        self.due = now + self.policy.poll_shortest
        return outcome

    def switch_failed(self, now: int, cause: str) -> Outcome:
        """The switch did not obey. It is told again at the next reading, which is soon."""
        outcome = Outcome()
        if not self._complained:
            self._complained = True
            self._say(outcome, now, EventKind.SWITCH_FAILED, cause)
        self.due = now + self.policy.poll_shortest
        return outcome

    def follow(self, now: int, command: Command | UnknownOrder) -> Outcome:
        """Take up a verified command. One that is taken up already, or comes before its turn, changes nothing.

        The switch waits for `decide`: of several commands that arrive together, the last one counts for it.
        """
        outcome = Outcome()
        if command.number == self.account.command + 1:
            entry = self.account.follow(now, command)
            self._append(outcome, entry)
            if isinstance(entry, Exchanged):
                # Nobody knows how the switch of another meter stands, nor whether this is the one that hangs there.
                self._unseen, self._foreign = True, ""
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

    def note(self, now: int, kind: EventKind, detail: str = "") -> Outcome:
        """Something happened at the gateway that concerns this meter."""
        outcome = Outcome()
        self._append(outcome, self.account.event(now, kind, detail))
        return outcome

    def vouch(self, now: int, unsure: bool) -> Outcome:
        """Let the journal say whether the time is sure, where it says otherwise than the gateway knows it."""
        if self.account.unsure == unsure:
            return Outcome()
        return self.note(now, EventKind.CLOCK_UNSURE if unsure else EventKind.CLOCK_SET)

    def _decided(self, now: int, outcome: Outcome) -> Outcome:
        decision = self.decide(now)
        outcome.records += decision.records
        outcome.switch = decision.switch
        return outcome

    def decide(self, now: int) -> Outcome:
        """Commands were taken up: where the switch belongs now, and when to look next."""
        outcome = Outcome()
        self._decide(now, outcome)
        if self.account.register is not None and not self.lost and not self._foreign:
            self.due = self._next_due(now)
        return outcome

    def _append(self, outcome: Outcome, entry: AnyEntry) -> None:
        self.account.apply(entry)
        body = encode_entry(entry)
        self.head = chain(self.head, body)
        outcome.records.append(Record(entry.seq, body, self.head))

    def _may_say(self, outcome: Outcome, now: int, kind: str) -> bool:
        """Whether a thing that may come and go without end is journalled; where it is not any more, that is."""
        allowed = self._bounds.allow(kind, now)
        if not allowed and self._bounds.mute(kind):
            self._append(outcome, self.account.event(now, EventKind.MUTED, kind))
        return allowed

    def _say(self, outcome: Outcome, now: int, kind: EventKind, detail: str = "") -> bool:
        """An event that may come and go without end: whether it was journalled."""
        allowed = self._may_say(outcome, now, kind)
        if allowed:
            self._append(outcome, self.account.event(now, kind, detail))
        return allowed

    def _teller(self, now: int, outcome: Outcome) -> Tell:
        def tell(kind: EventKind, detail: str = "", *, bounded: bool = False) -> bool:
            if bounded:
                return self._say(outcome, now, kind, detail)
            self._append(outcome, self.account.event(now, kind, detail))
            return True

        return tell

    def _decide(self, now: int, outcome: Outcome) -> None:
        account = self.account
        if under := account.to_warn(account.at, account.balance):
            self._append(
                outcome, account.event(now, EventKind.LOW_CREDIT, f"under {under[0].in_words(account.currency)}")
            )
        wanted, tripped = account.wants_closed(now, self.guard.tripped), self.guard.tripped
        if wanted is not None and wanted != account.closed:
            why = account.why_closed() if wanted else account.why_open(now, tripped)
            self._append(outcome, account.relay(now, wanted, why))
            outcome.switch, self._unseen = wanted, True
            self._complained = False
        elif wanted is False and account.supply.off_hours and (why := account.why_open(now, tripped)) != OFF_HOURS:
            # It was off by the clock, and stays off for another reason, of which people have to hear.
            self._append(outcome, account.relay(now, False, why))

    def _next_reading(self, now: int) -> int:
        read_at, interval = self.account.read_at, self.policy.reading_interval
        if read_at > now:
            # The journal is ahead of the time: its hours stand still, and readings go on.
            return self._journalled_at + interval if self._has_read(now) else now
        boundary = min(self.account.next_boundary(), self.account.next_night())
        return min((read_at // interval + 1) * interval, boundary)

    def _next_due(self, now: int, unjournalled: Reading | None = None) -> int:
        """When to read again. `unjournalled`: what was read just now, where it is not in the account."""
        account = self.account
        if account.doubt is not None or self._candidate is not None:
            lasting = self._measured.get(EventKind.REGISTER_DOUBTFUL)
            fresh = account.doubt is not None and (lasting is None or now - lasting.began < AGAIN_FOR)
            soon = AGAIN if fresh else self.policy.poll_shortest
            return min(now + soon, account.next_supply_change(now, self.guard.tripped))
        due = min(self._next_reading(now), account.next_supply_change(now, self.guard.tripped))
        if self._unseen:
            due = min(due, now + self.policy.poll_shortest)
        if (watch := self.guard.watch(now, account, self.policy.poll_shortest)) is not None:
            due = min(due, now + watch)
        price = self.account.highest_price(now)
        if self.account.closed is not False and price > 0:
            fuse = account.settings.power_highest
            balance = account.balance if unjournalled is None else unjournalled.balance
            wait = account.left(now, balance) // price * HOUR // fuse
            counters = None if unjournalled is None else account.counters_after(unjournalled)
            reach = account.next_step(max(now, account.at), balance, counters)
            if reach is not None:
                wait = min(wait, self._approach.wait(reach, fuse))
            due = min(due, now + max(wait, self.policy.poll_shortest))
        left = account.night_left(now, self._counted) if account.closed is not False else None
        if left is not None:
            spent = now + left * HOUR // account.settings.power_highest
            due = min(due, max(spent, now + self.policy.poll_shortest))
        return max(due, now + 1)
