"""A command has a name that stays the same when its number changes.

Numbers are given again by a server that was restored from a copy. The server names a command and signs the name with
it; the entry that shows the command as taken up repeats the name.
"""

from __future__ import annotations

import hashlib

import msgspec

from .entries import AnyOrder, Command, CommandEntry, Debit, GrantCredit, UnknownOrder

_encoder = msgspec.msgpack.Encoder(order="deterministic")


def named(meter: str, number: int, issued: int, order: AnyOrder) -> Command:
    """Return a command with its name.

    Money has an id, so a command for it has the same name however often it is ordered. Two other orders that are equal
    differ in their name by meter and instant.
    """
    what = order if isinstance(order, GrantCredit | Debit) else (meter, issued, order)
    digest = hashlib.sha256(b"prewatt command 1\0" + _encoder.encode(what)).digest()
    return Command(meter, number, issued, order, digest[:8])


def shows(entry: CommandEntry, command: Command | UnknownOrder) -> bool:
    """Return whether an entry can show that a command was taken up, judged by its name. An old entry without a name
    can, unless it is about other money.
    """
    if entry.of or not isinstance(command, Command):
        return not command.name or entry.of == command.name
    money_id, order = id_of(entry), command.order
    return not money_id or money_id == id_of(order)


CODE = "code "
"""The prefix of the name of a credit of which only the token is known."""


def name_of_code(tid: int | None) -> str:
    """Return the name of a credit of which only the token is known, from the token identifier `tid` (None: unknown)."""
    return f"{CODE}{tid}"


def id_of(what: CommandEntry | AnyOrder | None) -> str:
    """Return the id of the credit or debit that an entry or an order is about; empty if it names no money."""
    return getattr(what, "credit_id", "") or getattr(what, "debit_id", "")
