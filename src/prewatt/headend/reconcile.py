"""This module compares what a meter's journal says with what the same kernel works out here. Logic without I/O."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ..kernel.account import Account
from ..kernel.entries import AnyEntry, Command, CommandEntry, UnknownOrder
from ..kernel.units import exact_money
from .found import Found, as_told, found, is_of_the_log


@dataclass(frozen=True, slots=True)
class Difference:
    """A meter's entry and the server's own differ. A person gets an alarm; neither side is overwritten."""

    seq: int
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check: the server's own entry, which its account applies; None if the journal shows something
    impossible. `found`: what it shows that the credit log lacks.
    """

    own: AnyEntry | None
    difference: Difference | None
    found: Found | None = None


MONEY = {"balance", "amount", "charge", "fee", "standing", "minimum", "tax", "tax_included"}
"""The fields in nano. People read them in the currency."""


def _told(name: str, entry: AnyEntry) -> str:
    value = getattr(entry, name)
    return exact_money(value) if name in MONEY else str(value)


def check(account: Account, entry: AnyEntry, command: Command | UnknownOrder | None, offset: int) -> Checked:
    """Re-rate an entry that follows the account's last one.

    `offset` (nano) is the meter's balance less the server's before this entry: a difference is reported when it arises
    and when it changes, not with every entry that it lasts.
    """
    shown = None
    try:
        if command is None and is_of_the_log(entry):
            own = as_told(account, entry)
            shown = found(account, entry)
        else:
            if isinstance(entry, CommandEntry) and command is not None:
                # The meter may have taken it up under a number that it had before.
                command = msgspec.structs.replace(command, number=entry.command)
            own = account.recompute(entry, command)
    except ValueError as error:
        return Checked(None, Difference(entry.seq, entry.at, str(error)))
    claimed = msgspec.structs.replace(entry, balance=entry.balance - offset)
    if claimed == own:
        return Checked(own, None, shown)
    fields = [
        name
        for name in entry.__struct_fields__
        if type(own) is type(entry) and getattr(claimed, name) != getattr(own, name)
    ]
    if not fields:
        text = f"the meter says {type(entry).__name__}, the server {type(own).__name__}"
    else:
        text = "; ".join(
            f"{name}: the meter says {_told(name, claimed)}, the server {_told(name, own)}" for name in fields
        )
    return Checked(own, Difference(entry.seq, entry.at, text), shown)
