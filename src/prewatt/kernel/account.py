"""A meter's account: the state that a journal replays to, and what its next entry would be.

The edge asks it for the next entry (`read`, `follow`, ...) and applies that entry. The server takes an entry out of
the journal, asks its own account for the same one (`recompute`), compares, and applies its own.

Theory of operation
-------------------
Two rules hold all of it together:

1. The account changes by entries alone. Who asks for an entry changes nothing; `apply` changes all that the entry says.
2. The account does not know on which side it runs, nor what time it is. Both sides give it the same entries and have the
   same account, down to the nano.

So `balance == credited - charged - debited` after each entry, and what a person paid, what was used and what was
taken off can be told from the journal alone.

What each entry moves: fields of `kernel.state.State`. All entries move `seq`, `at`, `balance` and `warned`; those that
take up a command move `command`, too.

| entry | moves |
|---|---|
| `reading` | `register` `read_at` `charged` `counters` `restarts` `moved_at` `moving_since` |
| `reading` | `formers` `doubt` `back_since` `under` `supply` |
| `doubtful` | `doubt` `back_since` `under` |
| `rebased` | `register` `formers` `moving_since` `doubt` `back_since` `under` `moved_at` |
| `exchanged` | `register` `serial` `formers` `foreign_since` `doubt` `back_since` `under` `moved_at` |
| `time` | `read_at` `moving_since` `moved_at` `doubt` `formers` `back_since` `under` `unsure_at` `foreign_since` |
| `time` | `warned_at` `supply` `versions` `counters` |
| `credit` | `credited` `credit_ids` `coded` `tids` `tid_floor` `supply` |
| `code` | `credited` `coded` `supply` |
| `debit` | `debited` `credit_ids` |
| `recognised` | `coded` `tids` `tid_floor` `credit_ids` `supply` |
| `refused` | `coded` `tids` `tid_floor` `supply` |
| `tariff` | `versions` |
| `tenancy` | `restarts` |
| `settings` | `settings` `supply` |
| `controlled` | `supply` `settings` `debited` `coded` `tids` `tid_floor` |
| `on-site` | `supply` `settings` `debited` `coded` |
| `relay` | `closed` `moved_at` `supply` |
| `event` | `supply` `tids` `tid_floor` `unsure` `unsure_at` `foreign_since` `warned_at` |
| `event` | `read_at` `moving_since` `moved_at` |

States of the supply, beside the credit, are fields of `kernel.supply.SupplyState`. Several can hold at once. The switch
must be open as long as one state holds that opens it, whatever the credit (`State.wants_closed`).

| state | switch | begins with | ends with |
|---|---|---|---|
| `opened` | open | order `open` | order `close` |
| `locks` | open | order `hold` | order `close` `release` |
| `locks` | open | event `overload-locked` `forbidden-load` `tamper` `limit-locked` | order `close` `clear-tamper` |
| `unsafe` | open | event `over-voltage-trip` and alike | order `close`; event `within-limits` |
| `unsafe` | open | event `over-voltage-trip` and alike | event `limit-locked`; `settings` |
| `tripped` | open, for a while | event `overload` | order `close`; relay `closed` |
| `off_hours` | open | relay `off-hours` | relay `closed` `exhausted` |
| `cut_off` | open, until the clearance is there | relay `exhausted` | relay `closed` |
| `emergency` | closed, so far | order `emergency` | `credit` `code` |
| `grace` | closed, so far or so long | order `restore` | `credit` `code` |
| `limit` | trips over it | order `limit` | order `limit` |

These follow DLMS/COSEM (Blue Book; class and attribute in brackets). `balance` is the account's `available_credit`
(111, 5), `Settings.clearance` its `clearance_threshold` (111, 7), `Settings.low_credit` its `low_credit_threshold`
(111, 16). `credit_limit` is the `limit` of a credit (112, 6); `emergency_credit` is the `preset_credit_amount` (112, 9)
of an emergency credit. `charged` is the charge's `total_amount_paid` (113, 2). The present tariff is its
`unit_charge_active` (113, 5), a coming tariff its `unit_charge_passive` (113, 6). A reading is its
`last_collection_time` and `last_collection_amount` (113, 10 and 11).

`kernel.state` holds the state and tells what follows from it, `kernel.replay` applies entries to it, `kernel.register`
turns registers into entries, and `kernel.snapshot` stores the state as bytes.
"""

from __future__ import annotations

import msgspec

from . import snapshot
from .calendar import zone
from .entries import (
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
    Doubtful,
    EndCode,
    Event,
    Exchange,
    Exchanged,
    GrantCredit,
    LeadBack,
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
    UnknownOrder,
)
from .orders import Action, ClearCredit, SetPin
from .plausible import BACKWARDS, TRUE, UNSEEN, most
from .register import Registers
from .tariff import TariffError, calendar_of
from .units import BALANCE_MAX, Instant, Nano


class Account(Registers):
    """The account of one meter: it makes the next entries, checks foreign ones, and applies them."""

    # -- what the next entry would be --------------------------------------------------------------------------------

    def follow(self, now: Instant, command: Command | UnknownOrder) -> CommandEntry:
        """Return the entry that takes up a command, or that says why the command changed nothing. Raises ValueError if
        the command's number is not the next one.
        """
        if command.number != self.command + 1:
            raise ValueError(f"command {command.number} does not follow {self.command}")
        return msgspec.structs.replace(self._follow(now, command), of=command.name)

    def _follow(self, now: Instant, command: Command | UnknownOrder) -> CommandEntry:
        at = max(now, self.at)
        seq, number = self.seq + 1, command.number
        if isinstance(command, UnknownOrder):
            return Refused(
                seq, at, self.balance, number, "this kind of command is newer than this software: update the gateway"
            )
        order = command.order
        if isinstance(order, GrantCredit):
            return self._follow_credit(seq, at, number, order)
        if isinstance(order, Debit):
            return self._follow_debit(seq, at, number, order)
        if isinstance(order, Control):
            return self._follow_control(now, seq, at, number, order)
        if isinstance(order, ChangeSettings):
            try:
                zone(order.settings.zone)
            except ValueError as error:
                return Refused(seq, at, self.balance, number, f"settings: {error}"[:200])
            return SettingsApplied(seq, at, self.balance, number, order.settings)
        if isinstance(order, ChangeTenancy):
            return TenancyChanged(seq, at, self.balance, number, max(order.effective, self.read_at), order.instead)
        if isinstance(order, Exchange):
            return self._follow_exchange(seq, at, number, order)
        if isinstance(order, EndCode):
            if self.coded.get(order.tid):
                return Refused(seq, at, self.balance, number, f"code {order.tid} has brought a credit")
            return Recognised(seq, at, self.balance, number, order.tid)
        if isinstance(order, LeadBack):
            back = max(now, command.issued)
            if back >= self.at:
                return Refused(seq, at, self.balance, number, "the journal's time is not ahead")
            return TimeLedBack(seq, back, self.balance, number, self.at)
        try:
            calendar_of(order.tariff)
        except TariffError as error:
            return Refused(seq, at, self.balance, number, f"tariff: {error}"[:200])
        return TariffApplied(seq, at, self.balance, number, order.effective, order.tariff)

    def _follow_credit(self, seq: int, at: Instant, number: int, order: GrantCredit) -> CommandEntry:
        amount, tid, known = order.amount, order.tid, order.credit_id
        if known in self.credit_ids:
            if tid is not None and not self.code_used(tid):
                # It was ordered again: its new code brings nothing more either.
                return Recognised(seq, at, self.balance, number, tid, known)
            return Refused(seq, at, self.balance, number, f"credit {known} is already applied")
        if tid is not None and self.coded.get(tid) == order.coded:
            amount -= order.coded
            if amount <= 0:
                return Recognised(seq, at, self.balance, number, tid, known)
        elif tid in self.coded:
            # Another code had this identifier: a server that was put back from a copy has given it twice.
            tid = None
        balance = self.balance + amount
        if abs(balance) > BALANCE_MAX:
            return Refused(seq, at, self.balance, number, "the balance would be too large")
        return CreditApplied(seq, at, balance, number, known, amount, order.reason, tid)

    def _follow_debit(self, seq: int, at: Instant, number: int, order: Debit) -> CommandEntry:
        if order.debit_id in self.credit_ids:
            return Refused(seq, at, self.balance, number, f"debit {order.debit_id} is already applied")
        balance = self.balance - order.amount
        if abs(balance) > BALANCE_MAX:
            return Refused(seq, at, self.balance, number, "the balance would be too large")
        return DebitApplied(seq, at, balance, number, order.debit_id, order.amount, order.reason)

    def _follow_exchange(self, seq: int, at: Instant, number: int, order: Exchange) -> CommandEntry:
        base = self.base
        if order.last is not None and base is not None:
            limit = most(self.settings.power_highest, at - base.at)
            # One that had run back ended under where it was charged up to.
            if self.judge(at, order.last).cause not in (TRUE, BACKWARDS, UNSEEN):
                return Refused(
                    seq,
                    at,
                    self.balance,
                    number,
                    f"the old meter can't have ended at {order.last} Wh: it stood at {base.register} Wh when it was last "
                    f"read, and at most {limit} Wh can have flowed since",
                )
        return Exchanged(seq, at, self.balance, number, order.serial, order.first, order.last)

    def _follow_control(self, now: Instant, seq: int, at: Instant, number: int, order: Control) -> CommandEntry:
        if order.tid is not None and self.coded.get(order.tid) == 0:
            if not self._is_overtaken(order.tid, order.action) or self.objection(at, order.action, now):
                return Recognised(seq, at, self.balance, number, order.tid)
            # Its code was typed before an earlier order came, which the later one was to end.
            return Controlled(seq, at, self.balance, number, order.action, order.by, order.reason, order.tid)
        tid = None if order.tid in self.coded else order.tid
        if refusal := self.objection(at, order.action, now):
            return Refused(seq, at, self.balance, number, refusal, tid)
        balance = self._balance_after(order.action)
        return Controlled(seq, at, balance, number, order.action, order.by, order.reason, tid)

    def _is_overtaken(self, tid: int, action: Action) -> bool:
        """Return whether a later order undid what a typed token did, although the order was given before the token."""
        # What lends an amount has lent it, and does not lend it twice.
        return not action.lends and (tid, action.settles) in self.supply.overtaken

    def _balance_after(self, action: Action) -> Nano:
        return action.balance_after(self.balance)

    def objection(self, at: Instant, action: Action, now: Instant | None = None) -> str:
        """Return why an action cannot be done at an instant, in words for people; empty if it can be done. `now` is the
        present time, if the journal may be ahead of it.
        """
        return action.objection(self, at, at if now is None else now)

    def by_code(self, now: Instant, tid: int, amount: Nano, by: str) -> CreditByCode:
        """Return the entry for a token of `amount` nano that was typed at `by`. Raises ValueError if the token is used,
        or if the balance would become too large.
        """
        if self.code_used(tid):
            raise ValueError("this code was used already")
        if self.balance + amount > BALANCE_MAX:
            raise ValueError("the balance would be too large")
        return CreditByCode(self.seq + 1, max(now, self.at), self.balance + amount, tid, amount, by)

    def on_site(
        self, now: Instant, action: Action, by: str, grant: str = "", reason: str = "", tid: int | None = None
    ) -> OnSite:
        """Return the entry for a person's action on site. Raises ValueError, with the reason, if it cannot be done."""
        at = max(now, self.at)
        if tid is not None and self.code_used(tid):
            raise ValueError("this code was used already")
        if refusal := self.objection(at, action, now):
            raise ValueError(refusal)
        return OnSite(self.seq + 1, at, self._balance_after(action), action, by, grant, reason[:200], tid)

    def relay(self, now: Instant, closed: bool, reason: str) -> Relay:
        """Return the entry that tells the switch to close or to open."""
        return Relay(self.seq + 1, max(now, self.at), self.balance, closed, reason)

    def event(self, now: Instant, code: str, detail: str = "") -> Event:
        """Return the entry for an event. `code` is of `kernel.events.EventKind`, or a code that newer software
        journalled; `detail` says more.
        """
        return Event(self.seq + 1, max(now, self.at), self.balance, str(code), detail[:200])

    def recompute(self, entry: AnyEntry, command: Command | UnknownOrder | None) -> AnyEntry:
        """Return what `entry` must be if it is right: the same facts, with charge, energy and balance worked out here.

        `command` is the command of the credit log that has the entry's number, or to which the entry's token belongs.
        Raises ValueError if the entry cannot follow, or if it names a command or a token that the credit log does not
        have.
        """
        if not self.may_follow(entry):
            raise ValueError(f"entry {entry.seq} does not follow {self.seq}")
        if isinstance(entry, Reading):
            return self.recompute_reading(entry)
        if isinstance(entry, Doubtful):
            return self.recompute_doubt(entry)
        if isinstance(entry, Rebased):
            return self.recompute_base(entry)
        if isinstance(entry, Relay):
            return self.relay(entry.at, entry.closed, entry.reason)
        if isinstance(entry, Event):
            return self.event(entry.at, entry.code, entry.detail)
        if isinstance(entry, CreditByCode):
            return self._recompute_by_code(entry, command)
        if isinstance(entry, OnSite):
            return self._recompute_on_site(entry, command)
        return self._recompute_command(entry, command)

    def _recompute_by_code(self, entry: CreditByCode, command: Command | UnknownOrder | None) -> AnyEntry:
        order = command.order if isinstance(command, Command) else None
        if not isinstance(order, GrantCredit) or order.tid != entry.tid:
            raise ValueError(f"the credit log has no code {entry.tid}")
        return self.by_code(entry.at, entry.tid, order.coded, entry.by)

    def _recompute_command(self, entry: CommandEntry, command: Command | UnknownOrder | None) -> AnyEntry:
        """Return what the entry of a command must be. For errors see `recompute`."""
        if command is None:
            raise ValueError(f"the credit log has no command {entry.command}")
        if entry.command != self.command + 1:
            raise ValueError(f"command {entry.command} does not follow {self.command}")
        if isinstance(entry, Refused):
            # A meter may refuse what this side would take (its software may be older); it can't thereby change a
            # balance.
            order = command.order if isinstance(command, Command) else None
            tid = entry.tid if isinstance(order, Control) and order.tid == entry.tid else None
            return Refused(entry.seq, entry.at, self.balance, entry.command, entry.reason, tid, of=entry.of)
        own = self.follow(self._earliest(entry) if isinstance(entry, Controlled) else entry.at, command)
        if isinstance(own, Recognised) and isinstance(entry, Recognised) and not entry.credit_id:
            # Written by software that did not say which credit it was.
            own = msgspec.structs.replace(own, credit_id="")
        return msgspec.structs.replace(own, of=entry.of)

    def _earliest(self, entry: AnyEntry) -> int:
        """Return the earliest instant at which an entry can have been made. The journal may be ahead of the time, and
        only the gateway knows by how much.
        """
        return entry.at if entry.at > self.at else 0

    def adopt(self, entry: CommandEntry | CreditByCode | OnSite) -> AnyEntry:
        """Return the entry as the meter reports it, with the balance worked out here. It is for commands that the
        credit log lost when the server was restored from a copy. Raises ValueError if the entry cannot follow.
        """
        if not self.may_follow(entry):
            raise ValueError(f"entry {entry.seq} does not follow {self.seq}")
        balance = self.balance
        if isinstance(entry, CreditApplied | CreditByCode):
            balance += entry.amount
        elif isinstance(entry, DebitApplied):
            balance -= entry.amount
        elif isinstance(entry, Controlled | OnSite):
            balance = self._balance_after(entry.action)
        self._check_is_new(entry)
        return msgspec.structs.replace(entry, balance=balance)

    def _check_is_new(self, entry: CommandEntry | CreditByCode | OnSite) -> None:
        """Raise ValueError if what an entry brings was applied before, or its command is not the next one."""
        if isinstance(entry, CreditApplied) and entry.credit_id in self.credit_ids:
            raise ValueError(f"credit {entry.credit_id} is already applied")
        if isinstance(entry, DebitApplied) and entry.debit_id in self.credit_ids:
            raise ValueError(f"debit {entry.debit_id} is already applied")
        if isinstance(entry, CreditByCode | OnSite) and entry.tid is not None and self.code_used(entry.tid):
            raise ValueError(f"code {entry.tid} is already applied")
        if isinstance(entry, CommandEntry) and entry.command != self.command + 1:
            raise ValueError(f"command {entry.command} does not follow {self.command}")

    def _recompute_on_site(self, entry: OnSite, command: Command | UnknownOrder | None) -> OnSite:
        if entry.tid is not None:
            order = command.order if isinstance(command, Command) else None
            if not isinstance(order, Control) or (order.tid, order.action) != (entry.tid, entry.action):
                raise ValueError(f"the credit log has no code {entry.tid} that does this")
        elif isinstance(entry.action, ClearCredit):
            raise ValueError("only a code or a command clears credit")
        elif isinstance(entry.action, SetPin):
            raise ValueError("only a code or a command makes a PIN")
        return self.on_site(self._earliest(entry), entry.action, entry.by, entry.grant, entry.reason, entry.tid)

    # -- as bytes ----------------------------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """Return the state as bytes, for `load`."""
        return snapshot.dump(self)

    @classmethod
    def load(cls, saved: bytes) -> Account:
        """Return the account that `dump` saved. Raises snapshot.SnapshotError if the bytes are not an account, or if a
        newer version wrote them.
        """
        account = cls()
        snapshot.load(account, saved)
        return account
