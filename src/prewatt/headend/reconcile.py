"""This module compares what a meter's journal says with what the same kernel works out here. Logic without I/O."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ..kernel.account import Account
from ..kernel.charges.interface import OWN_FIELDS
from ..kernel.entries import AnyEntry, Command, CommandEntry, UnknownOrder
from ..kernel.sentences import Number, Sentence, one_by_one, sentence
from ..kernel.units import exact_money
from .rated_time import STRETCHES_MOST, stretches
from .unlogged import UnloggedCommand, as_reported, is_of_the_log, unlogged_command


@dataclass(frozen=True, slots=True)
class Difference:
    """A meter's entry and the server's own differ. A person gets an alarm; neither side is overwritten."""

    seq: int
    at: int
    text: Sentence


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check.

    `own` is the server's own entry, which its account applies; None if the journal shows something impossible.
    `difference` is what a person must know. `unlogged` is a command that the entry shows and the credit log lacks.
    """

    own: AnyEntry | None
    difference: Difference | None
    unlogged: UnloggedCommand | None = None


MONEY = {"balance", "amount", "charge", *OWN_FIELDS, "tax", "tax_included"}
"""The fields in nano. People read them in the currency."""


def check(account: Account, entry: AnyEntry, command: Command | UnknownOrder | None, offset: int) -> Checked:
    """Re-rate an entry that follows the account's last one.

    `offset` (nano) is the meter's balance less the server's before this entry: a difference is reported when it arises
    and when it changes, not with every entry that it lasts.
    """
    if stretches(account, entry) > STRETCHES_MOST:
        text = sentence("the time since the last reading is so long that the server could not check the charge")
        return Checked(None, Difference(entry.seq, entry.at, text))
    unlogged = None
    try:
        if command is None and is_of_the_log(entry):
            own = as_reported(account, entry)
            unlogged = unlogged_command(account, entry)
        else:
            if isinstance(entry, CommandEntry) and command is not None:
                # The meter may have taken it up under a number that it had before.
                command = msgspec.structs.replace(command, number=entry.command)
            own = account.recompute(entry, command)
    except ValueError as error:
        return Checked(None, Difference(entry.seq, entry.at, sentence(str(error))))
    claimed = msgspec.structs.replace(entry, balance=entry.balance - offset)
    if claimed == own:
        return Checked(own, None, unlogged)
    return Checked(own, Difference(entry.seq, entry.at, _in_words(claimed, own)), unlogged)


def _in_words(claimed: AnyEntry, own: AnyEntry) -> Sentence:
    """Return the fields in which a meter's entry and the server's own differ, with both values."""
    if type(own) is not type(claimed):
        return sentence(
            "the meter says %(theirs)s, the server %(ours)s", theirs=type(claimed).__name__, ours=type(own).__name__
        )
    fields = [
        sentence(
            "%(field)s: the meter says %(theirs)s, the server %(ours)s",
            field=name,
            theirs=_value(name, claimed),
            ours=_value(name, own),
        )
        for name in own.__struct_fields__
        if getattr(claimed, name) != getattr(own, name)
    ]
    return one_by_one(fields)


def _value(name: str, entry: AnyEntry) -> str | Number:
    value = getattr(entry, name)
    if name == "charges":
        return ", ".join(f"{form} {exact_money(amount)}" for form, amount in value) or "none"
    return Number(exact_money(value)) if name in MONEY else str(value)
