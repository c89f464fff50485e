"""Bugs of the rules: where the switch belongs, what a register can be, what a code is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec

from ...kernel import plausible, register, replay, snapshot, state
from ...kernel.account import Account
from ...kernel.entries import AnyEntry, Command, CommandEntry, Event, UnknownOrder
from ...kernel.orders import Action, ClearCredit, Close, LimitPower, TakeEmergency
from ...kernel.plausible import TRUE, Verdict
from ...kernel.replay import Replay
from ...kernel.state import State
from ...kernel.supply import FriendlyHours, Night, Window, is_friendly
from ...kernel.units import DAY, HOUR, INSTANT_MAX


@contextmanager
def credit_by_both_carriers() -> Iterator[None]:
    """A credit that a code brought is applied again when its command comes."""
    original = Account.follow

    def follow(self: Account, now: int, command: Command | UnknownOrder) -> CommandEntry:
        coded, self.coded = self.coded, {}
        try:
            return original(self, now, command)
        finally:
            self.coded = coded

    with patch.object(Account, "follow", follow):
        yield


@contextmanager
def clearance_ignored() -> Iterator[None]:
    """After a cut-off any credit brings the supply back."""
    original = State.supplied_by_credit

    def supplied(self: State, now: int) -> bool:
        settings, self.settings = self.settings, msgspec.structs.replace(self.settings, clearance=0)
        try:
            return original(self, now)
        finally:
            self.settings = settings

    with patch.object(State, "supplied_by_credit", supplied):
        yield


@contextmanager
def friendly_hours_end_late() -> Iterator[None]:
    """The friendly hours end a quarter of an hour late."""

    def later(window: Window) -> Window:
        return msgspec.structs.replace(window, end=(window.end + 15) % 1440)

    def friendly(hours: FriendlyHours, zone_name: str, now: int) -> bool:
        windows = tuple(later(window) for window in hours.windows)
        return is_friendly(msgspec.structs.replace(hours, windows=windows), zone_name, now)

    with patch.object(state, "is_friendly", friendly):
        yield


@contextmanager
def off_hours_forgotten() -> Iterator[None]:
    """Off hours do not open the switch."""
    with patch.object(State, "off_until", lambda _self, _now: 0):
        yield


@contextmanager
def off_hours_not_waived() -> Iterator[None]:
    """Off hours hold on although a person has switched on in them."""
    original = State._night

    def night(self: State, now: int) -> Night | None:
        night_ = original(self, now)
        return night_ and msgspec.structs.replace(night_, waived=False)

    with patch.object(State, "_night", night):
        yield


@contextmanager
def emergency_never_repaid() -> Iterator[None]:
    """What was lent stays lent when credit comes."""
    original = Replay._credit

    def credit(self: Replay, amount: int) -> None:
        emergency = self.supply.emergency
        original(self, amount)
        self.change(emergency=emergency)

    with patch.object(Replay, "_credit", credit):
        yield


@contextmanager
def emergency_again_and_again() -> Iterator[None]:
    """The emergency credit may be taken again and again."""
    original = Account.objection

    def objection(self: Account, at: int, action: Action, now: int | None = None) -> str:
        reason = original(self, at, action, now)
        return "" if isinstance(action, TakeEmergency) and self.supply.emergency_taken else reason

    with patch.object(Account, "objection", objection):
        yield


@contextmanager
def restoration_without_end() -> Iterator[None]:
    """A restoration for a time does not end."""
    original = State.allowance

    def allowance(self: State, now: int) -> int:
        return original(self, min(now, self.supply.grace_until - 1) if self.supply.grace_until else now)

    with patch.object(State, "allowance", allowance):
        yield


@contextmanager
def close_opens_locks() -> Iterator[None]:
    """A hold for somebody's safety is ended by any order to close."""
    original = Account.objection

    def objection(self: Account, at: int, action: Action, now: int | None = None) -> str:
        return "" if isinstance(action, Close) else original(self, at, action, now)

    with patch.object(Account, "objection", objection):
        yield


@contextmanager
def limit_never_lifted() -> Iterator[None]:
    """A limit by order lasts for ever."""
    original = Replay._control

    def control(self: Replay, action: Action) -> None:
        if isinstance(action, LimitPower):
            action = msgspec.structs.replace(action, until=0)
        original(self, action)

    with patch.object(Replay, "_control", control):
        yield


@contextmanager
def trips_counted_for_a_day() -> Iterator[None]:
    """Trips for overload less than a day apart are counted together, so that a person has to come too early."""
    with patch.object(replay, "RECLOSE_WINDOW", DAY):
        yield


@contextmanager
def recloses_too_late() -> Iterator[None]:
    """After a trip the supply returns an hour late."""
    original = State.wants_closed

    def wants_closed(self: State, now: int, tripped: int = 0) -> bool | None:
        return original(self, now - HOUR if self.supply.tripped else now, tripped)

    with patch.object(State, "wants_closed", wants_closed):
        yield


@contextmanager
def low_credit_told_once() -> Iterator[None]:
    """A tenant who was once told that the credit is low is never told again."""
    original = Replay.apply

    def apply(self: Replay, entry: AnyEntry) -> None:
        warned = self.warned
        original(self, entry)
        self.warned = tuple({*warned, *self.warned})

    with patch.object(Replay, "apply", apply):
        yield


@contextmanager
def debt_forgiven_with_credit() -> Iterator[None]:
    """Clearing the credit clears a debt as well."""
    original = Replay._control

    def control(self: Replay, action: Action) -> None:
        if isinstance(action, ClearCredit):
            self.debited += self.balance
        else:
            original(self, action)

    def balance_after(self: Account, action: Action) -> int:
        return 0 if isinstance(action, ClearCredit) else self.balance

    with patch.object(Replay, "_control", control), patch.object(Account, "_balance_after", balance_after):
        yield


@contextmanager
def codes_forgotten_in_snapshots() -> Iterator[None]:
    """A snapshot loses which codes were used, so that they work again after a restart."""
    original = snapshot.load

    def load(account: Any, saved: bytes) -> None:
        original(account, saved)
        account.tids, account.tid_floor = (), -1

    with patch.object(snapshot, "load", load):
        yield


@contextmanager
def doubtful_reading_charged() -> Iterator[None]:
    """Any register over the last one is believed."""
    original = plausible.judge

    def judge(base: plausible.Base, register: int, *args: Any, **kwargs: Any) -> Verdict:
        verdict = original(base, register, *args, **kwargs)
        believed = verdict.cause == plausible.JUMPED
        return Verdict(TRUE, register - base.register) if believed else verdict

    with patch.object(register, "judge", judge):
        yield


@contextmanager
def one_reading_alone_believed() -> Iterator[None]:
    """After a long silence a single register is charged, as far as the time allows."""
    with patch.object(register, "is_enough", lambda *_: True):
        yield


@contextmanager
def fallen_register_is_new_base() -> Iterator[None]:
    """A register that falls is counted from at once, without a doubt."""
    original = plausible.judge

    def judge(base: plausible.Base, register: int, *args: Any, **kwargs: Any) -> Verdict:
        verdict = original(base, register, *args, **kwargs)
        return Verdict(TRUE, 0) if verdict.cause == plausible.FALLEN else verdict

    with patch.object(register, "judge", judge):
        yield


@contextmanager
def error_charged_when_it_passes() -> Iterator[None]:
    """A register that comes back after an error counts from the error."""
    original = plausible.judge

    def judge(*args: Any, **kwargs: Any) -> Verdict:
        return original(*args, **{**kwargs, "formers": ()})

    with patch.object(register, "judge", judge):
        yield


@contextmanager
def exchange_counts_from_zero() -> Iterator[None]:
    """After an exchange without the old meter's last register, energy counts from zero, not from the new one's."""
    original = Replay._doubt

    def doubt(self: Replay, entry: Any) -> None:
        original(self, entry)
        if str(entry.__struct_config__.tag) == "exchanged" and entry.last is None:
            self.register = 0

    with patch.object(Replay, "_doubt", doubt):
        yield


@contextmanager
def tamper_always_locks() -> Iterator[None]:
    """Tampering opens the switch whatever the settings say."""
    original = Replay._happened

    def happened(self: Replay, event: Event) -> None:
        settings = self.settings
        self.settings = msgspec.structs.replace(settings, tamper_locks=True)
        original(self, event)
        self.settings = settings

    with patch.object(Replay, "_happened", happened):
        yield


@contextmanager
def supply_never_looked_at_by_time() -> Iterator[None]:
    """What ends by time alone is noticed only with the next reading."""
    with patch.object(State, "next_supply_change", lambda *_: INSTANT_MAX):
        yield


BUGS = (
    credit_by_both_carriers, clearance_ignored, friendly_hours_end_late, off_hours_forgotten, off_hours_not_waived,
    emergency_never_repaid,
    emergency_again_and_again, restoration_without_end, close_opens_locks, limit_never_lifted,
    trips_counted_for_a_day, recloses_too_late, low_credit_told_once, debt_forgiven_with_credit,
    codes_forgotten_in_snapshots, doubtful_reading_charged, one_reading_alone_believed, fallen_register_is_new_base,
    error_charged_when_it_passes, exchange_counts_from_zero, tamper_always_locks, supply_never_looked_at_by_time,
)  # fmt: skip
