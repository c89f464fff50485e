"""Entries and the credit log's commands, told apart by what they are about and not by number alone. Logic without I/O.

A server that was put back from a copy has forgotten commands that meters have taken up, and may have given their
numbers to others since. What a journal shows is what happened: it is applied as the meter says it, and told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from ..kernel.account import Account
from ..kernel.calendar import zone
from ..kernel.entries import (
    AnyEntry,
    AnyOrder,
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
    Exchange,
    Exchanged,
    GrantCredit,
    LeadBack,
    OnSite,
    Recognised,
    Refused,
    SetTariff,
    SettingsApplied,
    TariffApplied,
    TenancyChanged,
    TimeLedBack,
    UnknownOrder,
)
from ..kernel.tariff import RateCalendar
from ..kernel.units import BALANCE_MAX, MINUTE

ALREADY = "is already applied"
LATE = 10 * MINUTE
"""A gateway's clock is behind by no more."""


@dataclass(frozen=True, slots=True)
class Open:
    """An open command of the credit log. `again`: it was numbered anew before."""

    command: Command | UnknownOrder
    again: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a journal shows and the credit log lacks. `number`: of the command, None for a code; `order`: what was
    ordered, as far as the entry tells it; `amount`: nano that it brought, with what its code had brought before;
    negative if it was taken off.
    """

    seq: int
    at: int
    number: int | None
    order: AnyOrder | None
    amount: int
    tid: int | None

    @property
    def credit_id(self) -> str:
        """The credit's or debit's id; empty if the entry does not tell it."""
        return getattr(self.order, "credit_id", getattr(self.order, "debit_id", ""))


def shows(entry: AnyEntry, command: Command | UnknownOrder, again: bool, coded: Mapping[int, int]) -> bool:
    """Whether an entry with a command's number is about that command. `again`: the command was numbered anew before, so
    that where an entry does not tell, the number is believed. `coded`: as in `command_of`.
    """
    order = command.order if isinstance(command, Command) else None
    if order is None:
        return True
    if isinstance(entry, Refused):
        known = getattr(order, "credit_id", getattr(order, "debit_id", None))
        if known is not None and entry.reason.endswith(ALREADY) and known not in entry.reason:
            return False
        return again or (isinstance(command, Command) and entry.at >= command.issued)
    if isinstance(entry, CreditApplied | DebitApplied) or isinstance(order, GrantCredit | Debit):
        return _same(entry, order, coded)
    if isinstance(entry, TenancyChanged) and isinstance(order, ChangeTenancy):
        # It holds from the last reading on at the earliest.
        return entry.effective >= order.effective
    same = _same(entry, order, coded) and not _before(entry, command)
    return same or (again and _KINDS.get(type(entry)) is type(order))


def _before(entry: AnyEntry, command: Command | UnknownOrder) -> bool:
    """Whether somebody's order was carried out before this one was given: then it was an equal one, that is forgotten here,
    and this one is still to be done.
    """
    return isinstance(entry, Controlled) and isinstance(command, Command) and entry.at < command.issued - LATE


_KINDS: dict[type, type] = {
    TariffApplied: SetTariff,
    SettingsApplied: ChangeSettings,
    Controlled: Control,
}


def _same(entry: AnyEntry, order: AnyOrder, coded: Mapping[int, int]) -> bool:
    """Whether an entry is what an order makes, whatever their numbers."""
    match entry, order:
        case (CreditApplied(), GrantCredit()):
            return entry.credit_id == order.credit_id
        case (Recognised(), GrantCredit()):
            # The identifier of a code that was forgotten may have been given to another one.
            return entry.tid == order.tid and coded.get(entry.tid, order.coded) == order.coded
        case (Recognised(), Control()):
            return entry.tid == order.tid
        case (DebitApplied(), Debit()):
            return entry.debit_id == order.debit_id
        case (TariffApplied(), SetTariff()):
            return (entry.effective, entry.tariff) == (order.effective, order.tariff)
        case (SettingsApplied(), ChangeSettings()):
            return entry.settings == order.settings
        case (TenancyChanged(), ChangeTenancy()):
            return entry.effective == order.effective
        case (Exchanged(), Exchange()):
            return (entry.serial, entry.first, entry.last) == (order.serial, order.first, order.last)
        case (TimeLedBack(), LeadBack()):
            return True
        case (Controlled(), Control()):
            return (entry.action, entry.by, entry.reason, entry.tid) == (
                order.action, order.by, order.reason, order.tid,
            )  # fmt: skip
    return False


def command_of(
    entry: AnyEntry, commands: Mapping[int, Open], coded: Mapping[int, int]
) -> Command | UnknownOrder | None:
    """The open command that an entry is about: the one of its number, or one that has got another number since; or
    whose code it is of. None if there is none. `coded`: what codes have brought whose commands are yet to come.
    """
    if isinstance(entry, CommandEntry):
        numbered = commands.get(entry.command)
        if numbered is not None and shows(entry, numbered.command, numbered.again, coded):
            return numbered.command
        if not isinstance(entry, Refused):
            for each in commands.values():
                same = isinstance(each.command, Command) and _same(entry, each.command.order, coded)
                if same and not _before(entry, each.command):
                    return each.command
    if isinstance(entry, CreditByCode | OnSite) and entry.tid is not None:
        for each in commands.values():
            if isinstance(each.command, Command) and _carries(each.command, entry):
                return each.command
    return None


def _carries(command: Command, entry: CreditByCode | OnSite) -> bool:
    """Whether the code that was typed is a command's: has its identifier, and is not another one of before the command."""
    order = command.order
    if getattr(order, "tid", None) != entry.tid:
        return False
    another = isinstance(entry, CreditByCode) and isinstance(order, GrantCredit) and order.coded != entry.amount
    return not another or entry.at >= command.issued


def is_of_the_log(entry: AnyEntry) -> TypeGuard[CommandEntry | CreditByCode | OnSite]:
    """Whether an entry can only come of what the credit log says: a command, or a code."""
    return isinstance(entry, CommandEntry | CreditByCode) or (isinstance(entry, OnSite) and entry.tid is not None)


def as_told(account: Account, entry: CommandEntry | CreditByCode | OnSite) -> AnyEntry:
    """What an entry does, as the meter says it, to the server's account: with the balance worked out here. ValueError
    if it can't follow.
    """
    own = account.adopt(entry)
    if isinstance(own, TariffApplied):
        RateCalendar(own.tariff)
    elif isinstance(own, SettingsApplied):
        zone(own.settings.zone)
    if abs(own.balance) > BALANCE_MAX:
        raise ValueError("the balance would be too large")
    return own


def found(account: Account, entry: AnyEntry) -> Found:
    """What an entry, not applied yet, shows that the credit log lacks."""
    number = entry.command if isinstance(entry, CommandEntry) else None
    tid = getattr(entry, "tid", None)
    before = account.coded.get(tid, 0) if tid is not None else 0
    order: AnyOrder | None = None
    amount = 0
    match entry:
        case CreditApplied():
            amount = entry.amount + before
            if 0 < amount <= BALANCE_MAX:
                order = GrantCredit(entry.credit_id, amount, entry.reason, tid, before)
        case CreditByCode():
            amount = entry.amount
        case Recognised() if before:
            # The entry does not tell the credit's id.
            order = GrantCredit(f"code {tid}", before, "", tid, before)
        case OnSite():
            order = Control(entry.action, entry.by, entry.reason, tid)
        case DebitApplied():
            amount = -entry.amount
            if entry.amount:
                order = Debit(entry.debit_id, entry.amount, entry.reason)
        case TariffApplied():
            order = SetTariff(entry.effective, entry.tariff)
        case SettingsApplied():
            order = ChangeSettings(entry.settings)
        case TenancyChanged():
            order = ChangeTenancy(entry.effective, entry.instead)
        case Controlled():
            order = Control(entry.action, entry.by, entry.reason, tid)
        case Exchanged():
            order = Exchange(entry.serial, entry.first, entry.last)
        case TimeLedBack():
            order = LeadBack()
    return Found(entry.seq, entry.at, number, order, amount, tid)
