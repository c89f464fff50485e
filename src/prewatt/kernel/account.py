"""A meter's account: the state that a journal replays to.

The edge asks it for the next entry (`read`, `grant`, ...) and applies that entry; the server takes an entry out of the
journal, asks its own account for the same one (`recompute`), compares, and applies its own. After the account classes
of DLMS/COSEM (111 account, 112 credit, 113 charge) as far as prepaid credit and a consumption charge go.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from .calendar import zone
from .entries import (
    FLAG_BETWEEN,
    FLAG_CLOCK,
    FLAG_REBASED,
    AnyEntry,
    ChangeSettings,
    ChangeTenancy,
    Command,
    CommandEntry,
    Control,
    Controlled,
    CreditApplied,
    CreditByCode,
    Debit,
    DebitApplied,
    Event,
    GrantCredit,
    OnSite,
    Reading,
    Recognised,
    Refused,
    Relay,
    Settings,
    SettingsApplied,
    TariffApplied,
    TenancyChanged,
    UnknownOrder,
)
from .rating import Counters, gross, rate_interval, split_tiers
from .supply import (
    LOCKS,
    RECLOSE_WINDOW,
    Action,
    ClearCredit,
    ClearTamper,
    Close,
    FriendlyHours,
    Hold,
    LimitPower,
    Open,
    Release,
    Restore,
    SupplyState,
    TakeEmergency,
    is_friendly,
    next_friendly_change,
)
from .tariff import (
    RateCalendar,
    Stretch,
    Tariff,
    TariffError,
    Version,
    add_version,
    stretch_at,
    version_at,
)
from .units import BALANCE_MAX, INSTANT_MAX, SECOND

CODES_KEPT = 50
"""Token identifiers remembered against replay, as IEC 62055-41 (6.3.5.2) asks; older ones count as used."""

ROLLOVER = "rollover"
"""Detail of a `key-changed` event after which token identifiers are counted from a new base date."""
EXHAUSTED = "exhausted"
"""Reason of a relay entry that cuts off for want of credit."""


class _Saved(Struct, frozen=True):
    """An account as bytes: `docs/journal.md`, "Snapshots"."""

    seq: int
    at: int
    balance: int
    register: int | None
    read_at: int
    command: int
    closed: bool | None
    low: bool
    settings: Settings
    versions: tuple[tuple[int, Tariff], ...]
    credit_ids: tuple[str, ...]
    credited: int
    charged: int
    debited: int = 0
    counters: Counters = Counters()
    restarts: tuple[int, ...] = ()
    supply: SupplyState = SupplyState()
    coded: tuple[tuple[int, int], ...] = ()
    tids: tuple[int, ...] = ()
    tid_floor: int = -1


_saver = msgspec.msgpack.Encoder()
_loader = msgspec.msgpack.Decoder(_Saved)


class Account:
    """State of one meter's account.

    `balance == credited - charged - debited` at all times (nano). `register` is the last one read (Wh) and `read_at` when: energy
    is charged up to then; None and 0 before the first reading.
    `closed` is where the journal last told the switch to stand, None while it never told it anything.
    `command` is the number of the last command taken up; `seq` and `at` those of the last entry. `credit_ids` holds
    those of debits too. `restarts`: instants, not before the last reading, at which the tenancy changes. `supply`: what
    keeps the switch open or closed beside the credit.

    `tids`: identifiers of the codes whose effect is here, by whichever way it came; none up to `tid_floor` is taken any
    more. `coded`: nano that codes brought whose commands are yet to come.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.at = 0
        self.balance = 0
        self.register: int | None = None
        self.read_at = 0
        self.command = 0
        self.closed: bool | None = None
        self.low = False
        self.settings = Settings()
        self.versions: tuple[Version, ...] = ()
        self.credit_ids: set[str] = set()
        self.credited = 0
        self.charged = 0
        self.debited = 0
        self.counters = Counters()
        self.restarts: tuple[int, ...] = ()
        self.supply = SupplyState()
        self.coded: dict[int, int] = {}
        self.tids: tuple[int, ...] = ()
        self.tid_floor = -1
        self._rated: tuple[tuple[int, int, int], Counters] = ((-1, 0, 0), self.counters)

    # -- what the next entry would be --------------------------------------------------------------------------------

    def read(self, now: int, register: int) -> Reading:
        """The entry for a register (Wh) read at `now`: charges the time and the energy since the last reading."""
        at = max(now, self.at)
        flags = FLAG_CLOCK if now < self.at else 0
        begin, energy = self.read_at, register - (self.register or 0)
        if self.register is None:
            begin, energy = at, 0
        elif energy < 0:
            energy, flags = 0, flags | FLAG_REBASED
        rated = rate_interval(self.versions, begin, at, energy, self.counters, self.restarts)
        self._rated = ((self.seq, at, register), rated.counters)
        return Reading(
            self.seq + 1, at, self.balance - rated.charge, register, rated.used, rated.charge, flags,
            rated.fee, rated.standing, rated.minimum, rated.tax, rated.tax_included,
        )  # fmt: skip

    def between(self, now: int, register: int, longest: int) -> Iterator[Reading]:
        """After a long time without readings: entries every `longest` µs for the time up to a register (Wh) read at
        `now`, each to be applied before the next is asked for. So no entry has more prices than an entry can hold; the
        charge is the same.
        """
        begin, before, end = self.read_at, self.register, max(now, self.at)
        if before is None or register < before:
            return
        for at in range(begin + longest, end, longest):
            if at > self.at:
                part = before + (register - before) * (at - begin) // (end - begin)
                yield msgspec.structs.replace(self.read(at, part), flags=FLAG_BETWEEN)

    def _counters_after(self, entry: Reading) -> Counters:
        """The counters after a reading. The entry does not carry them: whoever replays it counts anew."""
        key = (self.seq, entry.at, entry.register)
        if self._rated[0] != key:
            self.read(entry.at, entry.register)
        return self._rated[1]

    def follow(self, now: int, command: Command | UnknownOrder) -> CommandEntry:
        """The entry that takes up a command, or says why it changed nothing. ValueError if its number is not the next
        one.
        """
        if command.number != self.command + 1:
            raise ValueError(f"command {command.number} does not follow {self.command}")
        at = max(now, self.at)
        seq, number = self.seq + 1, command.number
        if isinstance(command, UnknownOrder):
            return Refused(
                seq, at, self.balance, number, "this kind of command is newer than this software: update the gateway"
            )
        order = command.order
        if isinstance(order, GrantCredit | Debit):
            return self._follow_money(seq, at, number, order)
        if isinstance(order, Control):
            return self._follow_control(seq, at, number, order)
        if isinstance(order, ChangeSettings):
            try:
                zone(order.settings.zone)
            except ValueError as error:
                return Refused(seq, at, self.balance, number, f"settings: {error}"[:200])
            return SettingsApplied(seq, at, self.balance, number, order.settings)
        if isinstance(order, ChangeTenancy):
            return TenancyChanged(seq, at, self.balance, number, max(order.effective, self.read_at))
        try:
            RateCalendar(order.tariff)
        except TariffError as error:
            return Refused(seq, at, self.balance, number, f"tariff: {error}"[:200])
        return TariffApplied(seq, at, self.balance, number, order.effective, order.tariff)

    def _follow_money(self, seq: int, at: int, number: int, order: GrantCredit | Debit) -> CommandEntry:
        credit = isinstance(order, GrantCredit)
        known = order.credit_id if isinstance(order, GrantCredit) else order.debit_id
        if known in self.credit_ids:
            what = "credit" if credit else "debit"
            return Refused(seq, at, self.balance, number, f"{what} {known} is already applied")
        amount, tid = order.amount, None
        if isinstance(order, GrantCredit) and order.tid is not None:
            tid = order.tid
            if tid in self.coded:
                amount -= self.coded[tid]
                if amount <= 0:
                    return Recognised(seq, at, self.balance, number, tid)
        balance = self.balance + (amount if credit else -amount)
        if abs(balance) > BALANCE_MAX:
            return Refused(seq, at, self.balance, number, "the balance would be too large")
        if credit:
            return CreditApplied(seq, at, balance, number, known, amount, order.reason, tid)
        return DebitApplied(seq, at, balance, number, known, amount, order.reason)

    def _follow_control(self, seq: int, at: int, number: int, order: Control) -> CommandEntry:
        if order.tid is not None and order.tid in self.coded:
            return Recognised(seq, at, self.balance, number, order.tid)
        if refusal := self.objection(at, order.action):
            return Refused(seq, at, self.balance, number, refusal)
        balance = self._balance_after(order.action)
        return Controlled(seq, at, balance, number, order.action, order.by, order.reason, order.tid)

    def _balance_after(self, action: Action) -> int:
        return min(self.balance, 0) if isinstance(action, ClearCredit) else self.balance

    def objection(self, now: int, action: Action) -> str:
        """Why an action can't be done at `now`, for people; empty if it can."""
        match action:
            case TakeEmergency():
                if not self.settings.emergency_credit:
                    return "there is no emergency credit here"
                if self.supply.emergency_taken:
                    return "the emergency credit is taken already: it comes back when the balance is over zero again"
                if self.balance > 0 and not self.is_low():
                    return "the credit is neither low nor used up"
            case Close(override):
                if self.supply.locks and not override:
                    locks = "; ".join(LOCKS[each] for each in self.supply.locks)
                    return f"locked: {locks}. Close with override if that is known and put right"
                if not (self.supply.opened or self.supply.locks or self.supplied_by_credit(now)):
                    return "the credit is used up: record a payment, or restore for a time or an amount"
            case Release():
                if "hold" not in self.supply.locks:
                    return "the switch is not held open"
            case Restore(amount, until):
                if not amount and not until:
                    return "a restoration is bounded by an amount, or by an instant"
                if until and until <= now:
                    return "the restoration would end in the past"
        return ""

    def code_used(self, tid: int) -> bool:
        """Whether a code's effect is here already, or it is too old to tell."""
        return tid <= self.tid_floor or tid in self.tids or tid in self.coded

    def by_code(self, now: int, tid: int, amount: int, by: str) -> CreditByCode:
        """The entry for a code of `amount` nano that was typed at `by`. ValueError if it is used, or the balance would
        be too large.
        """
        if self.code_used(tid):
            raise ValueError("this code was used already")
        if self.balance + amount > BALANCE_MAX:
            raise ValueError("the balance would be too large")
        return CreditByCode(self.seq + 1, max(now, self.at), self.balance + amount, tid, amount, by)

    def on_site(
        self, now: int, action: Action, by: str, grant: str = "", reason: str = "", tid: int | None = None
    ) -> OnSite:
        """The entry for a person's action on site. ValueError says why it can't be done."""
        at = max(now, self.at)
        if refusal := self.objection(at, action):
            raise ValueError(refusal)
        if tid is not None and self.code_used(tid):
            raise ValueError("this code was used already")
        return OnSite(self.seq + 1, at, self._balance_after(action), action, by, grant, reason[:200], tid)

    def relay(self, now: int, closed: bool, reason: str) -> Relay:
        """The entry for telling the switch to close or open."""
        return Relay(self.seq + 1, max(now, self.at), self.balance, closed, reason)

    def event(self, now: int, code: str, detail: str = "") -> Event:
        """The entry for an event."""
        return Event(self.seq + 1, max(now, self.at), self.balance, code, detail[:200])

    def recompute(self, entry: AnyEntry, command: Command | UnknownOrder | None) -> AnyEntry:
        """What `entry` must be if it is right: the same facts, with charge, energy and balance worked out here.

        `command` is the one of the credit log that has the entry's number, or whose code the entry is of. ValueError if
        the entry can't follow, or names a command or a code that the credit log does not have.
        """
        if entry.seq != self.seq + 1 or entry.at < self.at:
            raise ValueError(f"entry {entry.seq} does not follow {self.seq}")
        if isinstance(entry, Reading):
            right = self.read(entry.at, entry.register)
            if abs(right.balance) > BALANCE_MAX:
                raise ValueError(f"the register can't stand at {entry.register} Wh")
            return msgspec.structs.replace(right, flags=right.flags | entry.flags & (FLAG_CLOCK | FLAG_BETWEEN))
        if isinstance(entry, Relay):
            return self.relay(entry.at, entry.closed, entry.reason)
        if isinstance(entry, Event):
            return self.event(entry.at, entry.code, entry.detail)
        if isinstance(entry, CreditByCode):
            order = command.order if isinstance(command, Command) else None
            if not isinstance(order, GrantCredit) or order.tid != entry.tid:
                raise ValueError(f"the credit log has no code {entry.tid}")
            return self.by_code(entry.at, entry.tid, order.coded, entry.by)
        if isinstance(entry, OnSite):
            return self._recompute_on_site(entry, command)
        if command is None:
            raise ValueError(f"the credit log has no command {entry.command}")
        if entry.command != self.command + 1:
            raise ValueError(f"command {entry.command} does not follow {self.command}")
        if isinstance(entry, Refused):
            # A meter may refuse what this side would take (its software may be older); it can't thereby change a
            # balance.
            return Refused(entry.seq, entry.at, self.balance, entry.command, entry.reason)
        return self.follow(entry.at, command)

    def _recompute_on_site(self, entry: OnSite, command: Command | UnknownOrder | None) -> OnSite:
        if entry.tid is not None:
            order = command.order if isinstance(command, Command) else None
            if not isinstance(order, Control) or (order.tid, order.action) != (entry.tid, entry.action):
                raise ValueError(f"the credit log has no code {entry.tid} that does this")
        elif isinstance(entry.action, ClearCredit):
            raise ValueError("only a code or a command clears credit")
        return self.on_site(entry.at, entry.action, entry.by, entry.grant, entry.reason, entry.tid)

    # -- taking effect -----------------------------------------------------------------------------------------------

    def apply(self, entry: AnyEntry) -> None:
        """Let an entry take effect. AssertionError if it breaks what must hold: it was then not made by this
        account.
        """
        assert entry.seq == self.seq + 1, f"entry {entry.seq} after {self.seq}"
        assert entry.at >= self.at, f"entry {entry.seq} goes back in time"
        if isinstance(entry, Reading):
            self.counters = self._counters_after(entry)
            self.restarts = tuple(each for each in self.restarts if each > entry.at)
            self.charged += entry.charge
            self.register, self.read_at = entry.register, entry.at
        elif isinstance(entry, CreditApplied):
            assert entry.credit_id not in self.credit_ids, f"credit {entry.credit_id} applied twice"
            self.credit_ids.add(entry.credit_id)
            self._credit(entry.amount)
            if entry.tid is not None:
                self._settle_code(entry.tid)
        elif isinstance(entry, CreditByCode):
            assert not self.code_used(entry.tid), f"code {entry.tid} applied twice"
            self._credit(entry.amount)
            self.coded[entry.tid] = entry.amount
        elif isinstance(entry, Recognised):
            self._settle_code(entry.tid)
        elif isinstance(entry, Controlled | OnSite):
            self._control(entry.action)
            if entry.tid is not None and isinstance(entry, OnSite):
                self.coded[entry.tid] = 0
            elif entry.tid is not None:
                self._settle_code(entry.tid)
        elif isinstance(entry, DebitApplied):
            assert entry.debit_id not in self.credit_ids, f"debit {entry.debit_id} applied twice"
            self.credit_ids.add(entry.debit_id)
            self.debited += entry.amount
        elif isinstance(entry, TenancyChanged):
            self.restarts = tuple(sorted({*self.restarts, entry.effective}))
        elif isinstance(entry, TariffApplied):
            versions = add_version(self.versions, Version(entry.effective, RateCalendar(entry.tariff)))
            # Versions wholly in the past of what is charged can never be asked for again.
            while len(versions) > 1 and versions[1].effective <= self.read_at:
                versions = versions[1:]
            self.versions = versions
        elif isinstance(entry, SettingsApplied):
            self.settings = entry.settings
        elif isinstance(entry, Relay):
            self.closed = entry.closed
            self._switched(entry)
        elif isinstance(entry, Event):
            self._happened(entry)
        if isinstance(entry, CommandEntry):
            assert entry.command == self.command + 1, f"command {entry.command} after {self.command}"
            self.command = entry.command
        self.seq = entry.seq
        self.at = entry.at
        self.balance = self.credited - self.charged - self.debited
        assert entry.balance == self.balance, f"entry {entry.seq} says {entry.balance}, the account {self.balance}"
        if self.low and not self.is_low():
            self.low = False
        elif isinstance(entry, Event) and entry.code == "low-credit":
            self.low = True

    def _change(self, **changes: object) -> None:
        self.supply = msgspec.structs.replace(self.supply, **changes)

    def _credit(self, amount: int) -> None:
        """Credit came in: part of it repays the emergency credit, before anything else."""
        before, supply = self.balance, self.supply
        self.credited += amount
        if before + amount > 0:
            # What was lent is repaid. A restoration for a time alone lasts its time.
            grace = supply.grace if supply.grace == BALANCE_MAX else 0
            self._change(emergency=0, emergency_taken=False, grace=grace)
        elif supply.emergency:
            repaid = min(-before, amount * self.settings.emergency_repayment // 100)
            self._change(emergency=max(supply.emergency - repaid, 0))

    def _settle_code(self, tid: int) -> None:
        """A code's command is here, so the code is worth nothing any more."""
        self.coded.pop(tid, None)
        self.tids = tuple(sorted({*self.tids, tid}))
        while len(self.tids) > CODES_KEPT:
            self.tid_floor, self.tids = max(self.tid_floor, self.tids[0]), self.tids[1:]

    def _control(self, action: Action) -> None:
        debt, supply = max(-self.balance, 0), self.supply
        match action:
            case Open():
                self._change(opened=True)
            case Close():
                self._change(opened=False, locks=(), trips=0, tripped=False)
            case Hold():
                self._change(locks=tuple(sorted({*supply.locks, "hold"})))
            case Release():
                self._change(locks=tuple(each for each in supply.locks if each != "hold"))
            case LimitPower(watts, until):
                self._change(limit=watts, limit_until=until)
            case Restore(amount, until):
                # Counted from where the balance stands, so that a debt of friendly hours does not use it up.
                self._change(grace=amount + debt if amount else BALANCE_MAX, grace_until=until or INSTANT_MAX)
            case TakeEmergency():
                self._change(emergency=self.settings.emergency_credit + debt, emergency_taken=True)
            case ClearTamper():
                self._change(locks=tuple(each for each in supply.locks if each != "tamper"))
            case ClearCredit():
                self.debited += max(self.balance, 0)

    def _switched(self, entry: Relay) -> None:
        if entry.closed:
            self._change(cut_off=False, tripped=False)
        elif entry.reason == EXHAUSTED:
            self._change(cut_off=True)

    def _happened(self, event: Event) -> None:
        supply = self.supply
        if event.code == "overload":
            again = event.at - supply.tripped_at <= RECLOSE_WINDOW
            self._change(tripped=True, tripped_at=event.at, trips=supply.trips + 1 if again else 1)
        if event.code == "key-changed" and event.detail == ROLLOVER:
            # Under the new base date the minutes begin anew.
            self.tids, self.tid_floor = (), -1
        lock = {"overload-locked": "overload", "forbidden-load": "load"}.get(event.code)
        if event.code == "tamper" and self.settings.tamper_locks:
            lock = "tamper"
        if lock:
            self._change(locks=tuple(sorted({*supply.locks, lock})))

    # -- what follows from the state ---------------------------------------------------------------------------------

    @property
    def priced(self) -> bool:
        """Whether any tariff was ever set. Until then the switch is left alone: nobody is cut off for a missing
        set-up.
        """
        return bool(self.versions)

    def stretch(self, now: int) -> Stretch:
        """The rate that holds at `now`."""
        return stretch_at(self.versions, now)

    def price(self, now: int) -> int:
        """What the next kWh costs at `now`, micro: in its tier, with service fee and tax."""
        stretch, version = self.stretch(now), version_at(self.versions, now)
        if version is None:
            return 0
        tiers, tier = version.calendar.tariff.tiers, 0
        if tiers is not None:
            counted = self.counters.counted(tiers.per)
            before = counted.get(stretch.rate, 0) if tiers.by_rate else sum(counted.values())
            ((tier, _),) = split_tiers(before, 1, stretch.upto)
        return gross(stretch.prices[tier], version.calendar.tariff)

    def highest_price(self, now: int) -> int:
        """What a kWh costs at most at `now`, micro: in whichever tier."""
        version = version_at(self.versions, now)
        return gross(max(self.stretch(now).prices), version.calendar.tariff) if version else 0

    def next_boundary(self) -> int:
        """The first instant after the last reading at which rate or tenancy change: to be read at."""
        return min([self.stretch(self.read_at).end, *(each for each in self.restarts if each > self.read_at)])

    def is_low(self) -> bool:
        """Whether the balance is under a warning threshold."""
        energy = self.settings.low_credit_energy
        return self.balance < self.settings.low_credit or (energy > 0 and self.balance < energy * self.price(self.at))

    def allowance(self, now: int) -> int:
        """How far the balance may go under zero at `now`, nano: emergency credit of either kind."""
        supply = self.supply
        return max(supply.emergency, supply.grace if now < supply.grace_until else 0)

    @property
    def emergency_out(self) -> int:
        """What of the emergency credit is taken and not repaid, nano."""
        return min(self.supply.emergency, self.settings.emergency_credit) if self.supply.emergency_taken else 0

    def supplied_by_credit(self, now: int) -> bool:
        """Whether there is credit to supply on at `now`, or something that stands for it."""
        if not self.priced or self.balance > -self.allowance(now):
            # After a cut-off a little credit is not enough, but what was lent to bridge it is.
            enough = self.balance >= self.settings.clearance or self.allowance(now) > 0
            return not self.priced or not self.supply.cut_off or enough
        friendly = self.settings.friendly
        if self.supply.cut_off or (friendly.most and self.balance <= -friendly.most):
            return False
        return is_friendly(friendly, self.settings.zone, now)

    def wants_closed(self, now: int) -> bool | None:
        """Where the switch belongs at `now`: True closed, False open, None where it stands."""
        supply = self.supply
        if supply.opened or supply.locks:
            return False
        if supply.tripped:
            reclose = supply.tripped_at + self.settings.power.reclose_after * SECOND
            return now >= reclose and self.supplied_by_credit(now)
        if not self.priced:
            return True if self.closed is False else None
        return self.supplied_by_credit(now)

    def why_open(self, now: int) -> str:
        """The word for why the switch belongs open at `now`, for the journal."""
        supply = self.supply
        if supply.locks:
            return supply.locks[0]
        if supply.opened:
            return "ordered"
        if supply.tripped and now < supply.tripped_at + self.settings.power.reclose_after * SECOND:
            return "overload"
        return EXHAUSTED

    def power_limit(self, now: int) -> int:
        """The most that may be drawn at `now`, W; 0: no limit."""
        supply, settings = self.supply, self.settings
        if supply.limit and (not supply.limit_until or now < supply.limit_until):
            return supply.limit
        return settings.power.at(now, settings.zone)

    @property
    def watched(self) -> bool:
        """Whether the power that is drawn matters to this meter's rules."""
        return bool(self.supply.limit or any(self.settings.power.watts) or self.settings.power.step)

    def next_supply_change(self, now: int) -> int:
        """An instant after `now` before which the switch's place changes only with the balance, or by what people do."""
        supply, settings = self.supply, self.settings
        changes = [
            supply.tripped_at + settings.power.reclose_after * SECOND if supply.tripped else 0,
            supply.grace_until,
            supply.limit_until,
            settings.power.next_change(now, settings.zone),
        ]
        if settings.friendly != FriendlyHours():
            changes.append(next_friendly_change(settings.friendly, settings.zone, now))
        return min((each for each in changes if each > now), default=INSTANT_MAX)

    # -- snapshots ---------------------------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """The state as bytes, for `load`."""
        return _saver.encode(
            _Saved(
                self.seq, self.at, self.balance, self.register, self.read_at, self.command, self.closed, self.low, self.settings,
                tuple((version.effective, version.calendar.tariff) for version in self.versions),
                tuple(sorted(self.credit_ids)), self.credited, self.charged, self.debited, self.counters, self.restarts,
                self.supply, tuple(sorted(self.coded.items())), self.tids, self.tid_floor,
            )
        )  # fmt: skip

    @classmethod
    def load(cls, saved: bytes) -> Account:
        """The account of `dump`. msgspec.DecodeError if the bytes are not one."""
        found = _loader.decode(saved)
        account = cls()
        account.seq, account.at, account.balance, account.register = found.seq, found.at, found.balance, found.register
        account.read_at, account.command, account.closed, account.low, account.settings = (
            found.read_at,
            found.command,
            found.closed,
            found.low,
            found.settings,
        )
        account.versions = tuple(Version(effective, RateCalendar(tariff)) for effective, tariff in found.versions)
        account.credit_ids = set(found.credit_ids)
        account.credited, account.charged, account.debited = found.credited, found.charged, found.debited
        account.counters, account.restarts = found.counters, found.restarts
        account.supply, account.coded = found.supply, dict(found.coded)
        account.tids, account.tid_floor = found.tids, found.tid_floor
        return account
