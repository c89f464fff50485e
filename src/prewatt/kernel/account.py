"""A meter's account: the state that a journal replays to.

The edge asks it for the next entry (`read`, `grant`, ...) and applies that entry; the server takes an entry out of the
journal, asks its own account for the same one (`recompute`), compares, and applies its own. After the account classes
of DLMS/COSEM (111 account, 112 credit, 113 charge) as far as prepaid credit and a consumption charge go.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from .entries import (
    FLAG_BETWEEN,
    FLAG_CLOCK,
    FLAG_REBASED,
    AnyEntry,
    ChangeSettings,
    ChangeTenancy,
    Command,
    CommandEntry,
    CreditApplied,
    Debit,
    DebitApplied,
    Event,
    GrantCredit,
    Reading,
    Refused,
    Relay,
    Settings,
    SettingsApplied,
    TariffApplied,
    TenancyChanged,
    UnknownOrder,
)
from .rating import Counters, gross, rate_interval, split_tiers
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
from .units import BALANCE_MAX


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


_saver = msgspec.msgpack.Encoder()
_loader = msgspec.msgpack.Decoder(_Saved)


class Account:
    """State of one meter's account.

    `balance == credited - charged - debited` at all times (nano). `register` is the last one read (Wh) and `read_at` when: energy
    is charged up to then; None and 0 before the first reading.
    `closed` is where the journal last told the switch to stand, None while it never told it anything.
    `command` is the number of the last command taken up; `seq` and `at` those of the last entry. `credit_ids` holds
    those of debits too. `restarts`: instants, not before the last reading, at which the tenancy changes.
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
        if isinstance(order, ChangeSettings):
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
        balance = self.balance + (order.amount if credit else -order.amount)
        if abs(balance) > BALANCE_MAX:
            return Refused(seq, at, self.balance, number, "the balance would be too large")
        kind = CreditApplied if credit else DebitApplied
        return kind(seq, at, balance, number, known, order.amount, order.reason)

    def relay(self, now: int, closed: bool, reason: str) -> Relay:
        """The entry for telling the switch to close or open."""
        return Relay(self.seq + 1, max(now, self.at), self.balance, closed, reason)

    def event(self, now: int, code: str, detail: str = "") -> Event:
        """The entry for an event."""
        return Event(self.seq + 1, max(now, self.at), self.balance, code, detail[:200])

    def recompute(self, entry: AnyEntry, command: Command | UnknownOrder | None) -> AnyEntry:
        """What `entry` must be if it is right: the same facts, with charge, energy and balance worked out here.

        `command` is the one of the credit log that has the entry's number. ValueError if the entry can't follow, or
        names a command that the credit log does not have.
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
        if command is None:
            raise ValueError(f"the credit log has no command {entry.command}")
        if entry.command != self.command + 1:
            raise ValueError(f"command {entry.command} does not follow {self.command}")
        if isinstance(entry, Refused):
            # A meter may refuse what this side would take (its software may be older); it can't thereby change a
            # balance.
            return Refused(entry.seq, entry.at, self.balance, entry.command, entry.reason)
        return self.follow(entry.at, command)

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
            self.credited += entry.amount
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

    def wants_closed(self) -> bool | None:
        """Where the switch belongs: True closed, False open, None where it stands."""
        if not self.priced:
            return None
        if self.balance <= 0:
            return False
        return self.closed is not False or self.balance >= self.settings.clearance

    # -- snapshots ---------------------------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """The state as bytes, for `load`."""
        return _saver.encode(
            _Saved(
                self.seq, self.at, self.balance, self.register, self.read_at, self.command, self.closed, self.low, self.settings,
                tuple((version.effective, version.calendar.tariff) for version in self.versions),
                tuple(sorted(self.credit_ids)), self.credited, self.charged, self.debited, self.counters, self.restarts,
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
        return account
