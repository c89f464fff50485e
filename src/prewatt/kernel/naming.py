"""What a command is known by, whatever its number: numbers are given anew by a server that was put back from a copy.

The server names a command and signs the name with it; the entry that shows it taken up repeats the name.
"""

from __future__ import annotations

import hashlib

import msgspec

from .entries import AnyOrder, Command, CommandEntry, Debit, GrantCredit, UnknownOrder

_encoder = msgspec.msgpack.Encoder(order="deterministic")


def named(meter: str, number: int, issued: int, order: AnyOrder) -> Command:
    """A command with its name. Money has an id, so it has the same name whenever it is ordered; any other order is told
    from an equal one by its meter and instant.
    """
    what = order if isinstance(order, GrantCredit | Debit) else (meter, issued, order)
    digest = hashlib.sha256(b"prewatt command 1\0" + _encoder.encode(what)).digest()
    return Command(meter, number, issued, order, digest[:8])


def shows(entry: CommandEntry, command: Command | UnknownOrder) -> bool:
    """Whether an entry can be the one that shows a command taken up, by its name. One of before there were names can be,
    unless it tells of other money.
    """
    if entry.of or not isinstance(command, Command):
        return not command.name or entry.of == command.name
    told, order = id_of(entry), command.order
    return not told or told == id_of(order)


CODE = "code "
"""What the name begins with of a credit of which only the code is known."""


def name_of_code(tid: int | None) -> str:
    """The name of a credit of which only the code is known, by the code's token identifier (None: not told)."""
    return f"{CODE}{tid}"


def id_of(what: CommandEntry | AnyOrder | None) -> str:
    """The id of the credit or debit that an entry or an order is about; empty if it tells none."""
    return getattr(what, "credit_id", "") or getattr(what, "debit_id", "")
