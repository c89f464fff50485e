"""This module finds the command of the credit log that an entry is about: by its name and not by its number. Logic
without I/O.

A server that was restored from a copy has forgotten commands that meters have taken up, and may have given their
numbers to other commands since. What a journal shows has happened: it is applied as the meter says, and reported.
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
    SetTariff,
    SettingsApplied,
    TariffApplied,
    TenancyChanged,
    TimeLedBack,
    UnknownOrder,
)
from ..kernel.naming import id_of, name_of_code, shows
from ..kernel.tariff import RateCalendar
from ..kernel.units import BALANCE_MAX


@dataclass(frozen=True, slots=True)
class UnloggedCommand:
    """A command that a journal shows and the credit log lacks.

    `number` and `name` are the command's; None and empty if a token brought it. `order` is what was ordered, as far as
    the entry tells. `amount` is what it brought (nano), together with what its token had brought before; it is negative
    if credit was taken off.
    """

    seq: int
    at: int
    number: int | None
    order: AnyOrder | None
    amount: int
    tid: int | None
    name: bytes = b""

    @property
    def credit_id(self) -> str:
        """Return the id of the credit or debit; empty if the entry does not name it."""
        return id_of(self.order)


def _numbered_or_named(
    entry: CommandEntry, commands: Mapping[int, Command | UnknownOrder]
) -> Command | UnknownOrder | None:
    numbered = commands.get(entry.command)
    if numbered is not None and shows(entry, numbered):
        return numbered
    return next((each for each in commands.values() if entry.of and each.name == entry.of), None)


def command_of(entry: AnyEntry, commands: Mapping[int, Command | UnknownOrder]) -> Command | UnknownOrder | None:
    """Return the open command that an entry is about: by its name if the entry has one, else by its number, or by its
    token. None if there is none.
    """
    if isinstance(entry, CommandEntry):
        return _numbered_or_named(entry, commands)
    if isinstance(entry, CreditByCode | OnSite) and entry.tid is not None:
        for each in commands.values():
            if isinstance(each, Command) and _carries(each, entry):
                return each
    return None


def _carries(command: Command, entry: CreditByCode | OnSite) -> bool:
    """Return whether the typed token belongs to a command: it has the same identifier, and is not an older one."""
    order = command.order
    if not isinstance(order, GrantCredit | Control) or order.tid != entry.tid:
        return False
    if isinstance(order, GrantCredit):
        another = isinstance(entry, CreditByCode) and order.coded != entry.amount
    else:
        another = isinstance(entry, OnSite) and order.action != entry.action
    return not another or entry.at >= command.issued


def is_of_the_log(entry: AnyEntry) -> TypeGuard[CommandEntry | CreditByCode | OnSite]:
    """Return whether an entry can only follow from the credit log: from a command or a token."""
    return isinstance(entry, CommandEntry | CreditByCode) or (isinstance(entry, OnSite) and entry.tid is not None)


def as_reported(account: Account, entry: CommandEntry | CreditByCode | OnSite) -> AnyEntry:
    """Return an entry as the meter reports it, with the balance worked out on the server's account. Raises ValueError
    if it cannot follow.
    """
    own = account.adopt(entry)
    if isinstance(own, TariffApplied):
        RateCalendar(own.tariff)
    elif isinstance(own, SettingsApplied):
        zone(own.settings.zone)
    if abs(own.balance) > BALANCE_MAX:
        raise ValueError("the balance would be too large")
    return own


def unlogged_command(account: Account, entry: AnyEntry) -> UnloggedCommand:
    """Return the command that an entry shows and the credit log lacks. The entry must not be applied yet."""
    number, name = (entry.command, entry.of) if isinstance(entry, CommandEntry) else (None, b"")
    tid = getattr(entry, "tid", None)
    before = account.coded.get(tid, 0) if tid is not None else 0
    order, amount = _order(entry, tid, before), _amount(entry, before)
    return UnloggedCommand(entry.seq, entry.at, number, order, amount, tid, name)


def _order(entry: AnyEntry, tid: int | None, before: int) -> AnyOrder | None:
    """Return what was ordered, as far as the entry tells. `before`: nano that its token had brought already."""
    match entry:
        case CreditApplied() if 0 < entry.amount + before <= BALANCE_MAX:
            return GrantCredit(entry.credit_id, entry.amount + before, entry.reason, tid, before)
        case Recognised() if before:
            # Software of before does not tell the credit's id.
            return GrantCredit(entry.credit_id or name_of_code(tid), before, "", tid, before)
        case OnSite() | Controlled():
            return Control(entry.action, entry.by, entry.reason, tid)
        case DebitApplied() if entry.amount:
            return Debit(entry.debit_id, entry.amount, entry.reason)
        case TariffApplied():
            return SetTariff(entry.effective, entry.tariff)
        case SettingsApplied():
            return ChangeSettings(entry.settings)
        case TenancyChanged():
            return ChangeTenancy(entry.effective, entry.instead)
        case Exchanged():
            return Exchange(entry.serial, entry.first, entry.last)
        case TimeLedBack():
            return LeadBack()
    return None


def _amount(entry: AnyEntry, before: int) -> int:
    """Return the nano that the command brought, with what its token had brought `before`; negative if taken off."""
    match entry:
        case CreditApplied():
            return entry.amount + before
        case CreditByCode():
            return entry.amount
        case DebitApplied():
            return -entry.amount
    return 0
