"""This module applies a journal's entries to an account: the tables at the head of `kernel.account`, as code."""

from __future__ import annotations

import msgspec

from .entries import (
    FLAG_BETWEEN,
    FLAG_HELD,
    AnyEntry,
    CommandEntry,
    Controlled,
    CreditApplied,
    CreditByCode,
    DebitApplied,
    Doubtful,
    Event,
    Exchanged,
    OnSite,
    Reading,
    Rebased,
    Recognised,
    Refused,
    Relay,
    SettingsApplied,
    TariffApplied,
    TenancyChanged,
    TimeLedBack,
)
from .events import EventKind
from .off_hours import OFF_HOURS, night_at
from .orders import (
    Action,
)
from .plausible import BACKWARDS, ERROR_FOR, FORMER_FOR, FORMERS_KEPT, RETURNED, Base, Doubt, Former
from .safety import KINDS, TRIPS, waits
from .settings import Settings
from .state import EXHAUSTED, State
from .supply import RECLOSE_WINDOW, Night
from .tariff import Version, add_version, calendar_of, stretch_at
from .units import BALANCE_MAX, EARLIEST, Instant, Nano

CODES_KEPT = 50
"""How many token identifiers are stored against replay, as IEC 62055-41 (6.3.5.2) asks. Older tokens count as used."""
ROLLOVER = "rollover"
"""The detail of a `key-changed` event after which token identifiers count from a new base date."""


def _is_between(entry: AnyEntry) -> bool:
    """Return whether an entry is a part of a reading, so that its instant may lie before other entries."""
    return isinstance(entry, Reading) and bool(entry.flags & FLAG_BETWEEN)


class Replay(State):
    """A state that entries can be applied to."""

    def may_follow(self, entry: AnyEntry) -> bool:
        """Return whether an entry can be the next one, by its number and its instant."""
        since = self.read_at if _is_between(entry) else self.at
        return entry.seq == self.seq + 1 and (entry.at >= since or isinstance(entry, TimeLedBack))

    def apply(self, entry: AnyEntry) -> None:
        """Apply an entry to the account. Raises AssertionError if the entry breaks an invariant, which means that
        another account made it.
        """
        assert entry.seq == self.seq + 1, f"entry {entry.seq} after {self.seq}"
        assert self.may_follow(entry), f"entry {entry.seq} goes back in time"
        self._take(entry)
        if isinstance(entry, CommandEntry):
            assert entry.command == self.command + 1, f"command {entry.command} after {self.command}"
            self.command = entry.command
        self.seq = entry.seq
        self.at = max(self.at, entry.at) if _is_between(entry) else entry.at
        self.balance = self.credited - self.charged - self.debited
        assert entry.balance == self.balance, f"entry {entry.seq} says {entry.balance}, the account {self.balance}"
        is_warning = isinstance(entry, Event) and entry.code == EventKind.LOW_CREDIT
        self.warned = self._warned_after(is_warning)
        if is_warning:
            self.warned_at = entry.at

    def _take(self, entry: AnyEntry) -> None:
        """Apply what an entry of each kind changes. `apply` does what all kinds have in common."""
        match entry:
            case Reading():
                self._read(entry)
            case Doubtful() | Rebased() | Exchanged():
                self._doubt(entry)
            case TimeLedBack(at=at):
                self._lead_back(at)
            case Controlled() | OnSite():
                self._order(entry)
            case TenancyChanged(effective=effective, instead=instead):
                self.restarts = tuple(sorted({*(set(self.restarts) - {instead}), effective}))
            case TariffApplied(effective=effective, tariff=tariff):
                self._set_tariff(Version(effective, calendar_of(tariff)))
            case SettingsApplied(settings=settings):
                self._set_settings(settings)
            case Relay():
                self._switched(entry)
            case Event():
                self._happened(entry)
            case _:
                self._settle(entry)

    def _settle(self, entry: CreditApplied | CreditByCode | Recognised | Refused | DebitApplied) -> None:
        """Apply an entry that credits or debits money, or that ends a token."""
        match entry:
            case CreditApplied(credit_id=credit_id, amount=amount):
                assert credit_id not in self.credit_ids, f"credit {credit_id} applied twice"
                self.credit_ids.add(credit_id)
                self._credit(amount)
            case CreditByCode(tid=tid, amount=amount):
                assert not self.code_used(tid), f"code {tid} applied twice"
                self._credit(amount)
                self.coded[tid] = amount
            case DebitApplied(debit_id=debit_id, amount=amount):
                assert debit_id not in self.credit_ids, f"debit {debit_id} applied twice"
                self.credit_ids.add(debit_id)
                self.debited += amount
            case Recognised(credit_id=credit_id) if credit_id:
                self.credit_ids.add(credit_id)
        if isinstance(entry, CreditApplied | Recognised | Refused) and entry.tid is not None:
            self._settle_code(entry.tid)

    def _order(self, entry: Controlled | OnSite) -> None:
        """Apply an order that a person gave."""
        self._control(entry.action)
        if entry.action.ends_off_hours:
            self._at_night(entry.at, waived=True)
        if entry.tid is not None and isinstance(entry, OnSite):
            self.coded[entry.tid] = 0
        elif entry.tid is not None:
            self._settle_code(entry.tid)
        self._overtake(entry)

    def _set_tariff(self, version: Version) -> None:
        versions = add_version(self.versions, version)
        # Versions wholly in the past of what is charged can never be asked for again.
        while len(versions) > 1 and versions[1].effective <= self.read_at:
            versions = versions[1:]
        self.versions = versions

    def _set_settings(self, settings: Settings) -> None:
        self.settings = settings
        # Where a limit is taken away, so is what it did.
        still = {limit.code for limit in settings.limits if limit.trip}
        self.change(unsafe=tuple(code for code in self.supply.unsafe if code in still))

    def _read(self, entry: Reading) -> None:
        energy = entry.energy
        if (night := self.night_after(entry.at, energy)) is not self.supply.night:
            self.change(night=night)
        self.counters = self.rate(entry.at, energy).counters
        self.restarts = tuple(each for each in self.restarts if each > entry.at)
        self.charged += entry.charge
        if self.register is None or energy:
            self.moved_at = entry.at
        if self.formers and energy:
            self.formers = tuple(msgspec.structs.replace(each, since=each.since + energy) for each in self.formers)
        held, between = entry.flags & FLAG_HELD, entry.flags & FLAG_BETWEEN
        if not between:
            self.doubt = None
        # A register that is seen lower may be an error, and one that was not read may have moved all the time: then it
        # has moved on since.
        if not (held and entry.at - self.back_since <= ERROR_FOR) and not (between and not energy):
            self.moving_since = entry.at
        if not held:
            self.back_since, self.under = 0, None
        self.register, self.read_at = entry.register, entry.at

    def _doubt(self, entry: Doubtful | Rebased | Exchanged) -> None:
        """Apply an entry about a register that cannot be true, or that counts from a new base."""
        if isinstance(entry, Doubtful):
            self._doubted(entry)
            return
        if isinstance(entry, Exchanged):
            self._exchange(entry)
        else:
            self._rebase(entry)
        self.doubt, self.back_since, self.under, self.moved_at = None, 0, None, entry.at

    def _doubted(self, entry: Doubtful) -> None:
        if entry.cause == BACKWARDS:
            self.back_since, self.under = self.back_since or entry.at, Base(entry.register, entry.at)
        else:
            since = self.doubt.since if self.doubt else entry.at
            self.doubt = Doubt(entry.register, entry.at, since, entry.cause)

    def _rebase(self, entry: Rebased) -> None:
        before, self.register = self.register, entry.register
        if entry.cause == RETURNED:
            for number, former in enumerate(self.formers):
                if former.register == entry.register:
                    self.formers, self.moving_since = self.formers[:number], former.base.at
                    return
        if before is not None:
            known = (each for each in self.formers if entry.at - each.at <= FORMER_FOR)
            self.formers = (*known, Former(Base(before, self.moving_since), 0, entry.at))[-FORMERS_KEPT:]
        self.moving_since = entry.at

    def _exchange(self, entry: Exchanged) -> None:
        before, self.formers = self.register, ()
        self.serial, self.foreign_since = entry.serial, 0
        if before is not None:
            # What the old one used up to its end counts as if the new one had gone on from there.
            self.register = entry.first - (max(entry.last - before, 0) if entry.last is not None else 0)

    def _lead_back(self, at: Instant) -> None:
        """Let the journal continue from the earlier instant `at`, because its time was ahead."""
        self.read_at, self.moving_since, self.moved_at = (
            min(each, at) for each in (self.read_at, self.moving_since, self.moved_at)
        )
        self.doubt, self.formers, self.back_since = None, (), min(self.back_since, at)
        if self.under is not None:
            self.under = Base(self.under.register, min(self.under.at, at))
        self.unsure_at, self.foreign_since = min(self.unsure_at, at), min(self.foreign_since, at)
        self.warned_at = min(self.warned_at, at)
        self.change(tripped_at=min(self.supply.tripped_at, at), night=Night())
        if self.versions:
            # Earlier ones may have been forgotten, as nobody was to ask for them again.
            first = self.versions[0]
            self.versions = (first._replace(effective=min(first.effective, at)), *self.versions[1:])
            day = stretch_at(self.versions, at).day
            if self.counters.day > day + 1:
                # A day that ended a little early does not end again.
                self.counters = msgspec.structs.replace(self.counters, day=day)

    def _credit(self, amount: Nano) -> None:
        """Add credit (nano). A part of it repays the emergency credit first."""
        before, supply = self.balance, self.supply
        self.credited += amount
        if before + amount == 0 and supply.grace != BALANCE_MAX:
            self.change(grace=0)
        if before + amount > 0:
            # What was lent is repaid. A restoration for a time alone lasts its time.
            grace = supply.grace if supply.grace == BALANCE_MAX else 0
            self.change(emergency=0, emergency_taken=False, grace=grace)
        elif supply.emergency:
            repaid = min(-before, amount * self.settings.emergency_repayment // 100)
            self.change(emergency=max(supply.emergency - repaid, 0))

    def _settle_code(self, tid: int) -> None:
        """End a token whose command has arrived: it is worth nothing from now on."""
        self.coded.pop(tid, None)
        if self.supply.overtaken:
            self.change(overtaken=tuple(each for each in self.supply.overtaken if each[0] != tid))
        self.tids = tuple(sorted({*self.tids, tid}))
        while len(self.tids) > CODES_KEPT:
            self.tid_floor, self.tids = max(self.tid_floor, self.tids[0]), self.tids[1:]

    def _overtake(self, entry: Controlled | OnSite) -> None:
        """Note which typed tokens this order has overtaken.

        Commands arrive in the order in which they were given. So an order also settles what a token with a later
        command settled before it. A person who gives an order on site knows the state there.
        """
        what, known = entry.action.settles, self.supply.overtaken
        if isinstance(entry, OnSite):
            known = tuple(each for each in known if each[1] != what)
        elif what:
            typed = {(tid, what) for tid, amount in self.coded.items() if not amount}
            known = tuple(sorted({*known, *typed}))
        if known != self.supply.overtaken:
            self.change(overtaken=known)

    def _control(self, action: Action) -> None:
        action.apply(self)

    def _switched(self, entry: Relay) -> None:
        supply, self.closed = self.supply, entry.closed
        if entry.closed:
            self.moved_at = max(self.moved_at, entry.at)
            self.change(cut_off=False, tripped=False, off_hours=False)
        else:
            self.change(cut_off=supply.cut_off or entry.reason == EXHAUSTED, off_hours=entry.reason == OFF_HOURS)

    def _at_night(self, at: Instant, **changes: bool) -> None:
        """Note what happened in the off hours that hold at `at`; it holds until they end."""
        hours, known = self.settings.off_hours, self.supply.night
        span = night_at(hours, self.settings.zone, at) if hours.windows else None
        if span is not None:
            night = known if known.until == span.end else Night(span.end)
            self.change(night=msgspec.structs.replace(night, **changes))

    def _happened(self, event: Event) -> None:
        match event.code:
            case EventKind.CLOCK_UNSURE:
                self.unsure, self.unsure_at = True, event.at
            case EventKind.CLOCK_SET:
                self._clock_set(event.at)
            case EventKind.FOREIGN_METER:
                self.foreign_since = self.foreign_since or event.at
            case EventKind.METER_BACK:
                self.foreign_since = 0
            case EventKind.KEY_CHANGED if event.detail == ROLLOVER:
                # Under the new base date the minutes begin again.
                self.tids, self.tid_floor = (), -1
            case EventKind.WITHIN_LIMITS:
                self.change(unsafe=tuple(each for each in self.supply.unsafe if each != event.detail))
            case EventKind.ALLOWANCE_SPENT:
                # By day other rules hold, and it begins again.
                self._at_night(event.at, spent=True)
                self.change(trips=0)
            case EventKind.OVERLOAD:
                self._trip(event.at)
            case code if code in TRIPS:
                self._trip(event.at, TRIPS[code])
            case _:
                self._locked(event)

    def _clock_set(self, at: Instant) -> None:
        """Note that the gateway knows the time again."""
        self.unsure, self.unsure_at = False, 0
        if self.register is not None and self.read_at < EARLIEST and not self.versions:
            # A new gateway began without a clock: all those years are nobody's.
            self.read_at = self.moving_since = self.moved_at = at

    def _locked(self, event: Event) -> None:
        """Lock the switch if the event is one after which a person must come."""
        match event.code:
            case EventKind.OVERLOAD_LOCKED:
                self._lock("overload")
            case EventKind.FORBIDDEN_LOAD:
                self._lock("load")
            case EventKind.TAMPER if self.settings.tamper_locks:
                self._lock("tamper")
            case EventKind.LIMIT_LOCKED if event.detail in KINDS:
                self._lock(event.detail)

    def _trip(self, at: Instant, kind: str | None = None) -> None:
        """Trip the supply at the instant `at`: the power was over its limit for too long, or a safety limit of a `kind`
        opened the switch.
        """
        supply = self.supply
        # What comes from the grid is not counted against the flat, and what trips together is one.
        if kind is None or not KINDS[kind].outside:
            again = at - supply.tripped_at <= RECLOSE_WINDOW
            together = supply.tripped or any(not KINDS[each].outside for each in supply.unsafe if each in KINDS)
            trips = (supply.trips if again else 0) + (not (again and together))
            self.change(tripped_at=at, trips=trips)
        if kind is None:
            self.change(tripped=True)
        elif waits(self.settings.limits, kind):
            self._lock(kind)
        else:
            self.change(unsafe=tuple(sorted({*supply.unsafe, kind})))

    def _lock(self, lock: str) -> None:
        """Lock the switch open until a person has been there. Other reasons for which it is open end."""
        unsafe = tuple(each for each in self.supply.unsafe if each != lock)
        self.change(locks=tuple(sorted({*self.supply.locks, lock})), unsafe=unsafe)
