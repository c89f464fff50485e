"""A meter's account: the state that a journal replays to.

The edge asks it for the next entry (`read`, `grant`, ...) and applies that entry; the server takes an entry out of the
journal, asks its own account for the same one (`recompute`), compares, and applies its own. After the account classes
of DLMS/COSEM (111 account, 112 credit, 113 charge) as far as prepaid credit and a consumption charge go.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from .entries import (
    FLAG_CLOCK,
    FLAG_REBASED,
    AnyEntry,
    ChangeSettings,
    Command,
    CommandEntry,
    CreditApplied,
    Event,
    GrantCredit,
    Reading,
    Refused,
    Relay,
    Settings,
    SettingsApplied,
    TariffApplied,
    UnknownOrder,
)
from .tariff import (
    RateCalendar,
    Stretch,
    Tariff,
    TariffError,
    Version,
    rate_interval,
    stretch_at,
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


_saver = msgspec.msgpack.Encoder()
_loader = msgspec.msgpack.Decoder(_Saved)


class Account:
    """State of one meter's account.

    `balance == credited - charged` at all times (nano). `register` is the last one read (Wh) and `read_at` when: energy
    is charged up to then; None and 0 before the first reading.
    `closed` is where the journal last told the switch to stand, None while it never told it anything.
    `command` is the number of the last command taken up; `seq` and `at` those of the last entry.
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

    # -- what the next entry would be --------------------------------------------------------------------------------

    def read(self, now: int, register: int) -> Reading:
        """The entry for a register (Wh) read at `now`: charges the energy since the last reading."""
        at = max(now, self.at)
        flags = FLAG_CLOCK if now < self.at else 0
        if self.register is None:
            return Reading(self.seq + 1, at, self.balance, register, {}, 0, flags)
        if register < self.register:
            return Reading(self.seq + 1, at, self.balance, register, {}, 0, flags | FLAG_REBASED)
        rated = rate_interval(self.versions, self.read_at, at, register - self.register)
        return Reading(self.seq + 1, at, self.balance - rated.charge, register, rated.energy, rated.charge, flags)

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
        if isinstance(order, GrantCredit):
            if order.credit_id in self.credit_ids:
                return Refused(seq, at, self.balance, number, f"credit {order.credit_id} is already applied")
            if self.balance + order.amount > BALANCE_MAX:
                return Refused(seq, at, self.balance, number, "the balance would be too large")
            return CreditApplied(seq, at, self.balance + order.amount, number, order.credit_id, order.amount)
        if isinstance(order, ChangeSettings):
            return SettingsApplied(seq, at, self.balance, number, order.settings)
        try:
            RateCalendar(order.tariff)
        except TariffError as error:
            return Refused(seq, at, self.balance, number, f"tariff: {error}"[:200])
        return TariffApplied(seq, at, self.balance, number, max(order.effective, self.read_at), order.tariff)

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
            return msgspec.structs.replace(right, flags=right.flags | entry.flags & FLAG_CLOCK)
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
            self.charged += entry.charge
            self.register, self.read_at = entry.register, entry.at
        elif isinstance(entry, CreditApplied):
            assert entry.credit_id not in self.credit_ids, f"credit {entry.credit_id} applied twice"
            self.credit_ids.add(entry.credit_id)
            self.credited += entry.amount
        elif isinstance(entry, TariffApplied):
            earlier = tuple(version for version in self.versions if version.effective < entry.effective)
            # Versions wholly in the past of what is charged can never be asked for again.
            while len(earlier) > 1 and earlier[1].effective <= self.read_at:
                earlier = earlier[1:]
            self.versions = (*earlier, Version(entry.effective, RateCalendar(entry.tariff)))
        elif isinstance(entry, SettingsApplied):
            self.settings = entry.settings
        elif isinstance(entry, Relay):
            self.closed = entry.closed
        if isinstance(entry, CommandEntry):
            assert entry.command == self.command + 1, f"command {entry.command} after {self.command}"
            self.command = entry.command
        self.seq = entry.seq
        self.at = entry.at
        self.balance = self.credited - self.charged
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

    def is_low(self) -> bool:
        """Whether the balance is under a warning threshold."""
        energy = self.settings.low_credit_energy
        return self.balance < self.settings.low_credit or (
            energy > 0 and self.balance < energy * self.stretch(self.at).price
        )

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
                tuple(sorted(self.credit_ids)), self.credited, self.charged,
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
        account.credited, account.charged = found.credited, found.charged
        return account
