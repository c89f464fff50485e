"""The ledger's and the meters' side of the reconciliation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ...kernel.entries import CreditApplied, CreditByCode, Recognised, Refused, decode_command, decode_entry
from ..ledger.models import Transfer
from ..ledger.references import Of, Part
from ..metering.models import JournalEntry
from ..vending.models import Command
from .movement_sides import Carriage

T = TypeVar("T")


def parts(values: Iterable[T]) -> Iterable[list[T]]:
    """Yield the values in lists so short that one database query can name them."""
    every = list(values)
    return (every[start : start + 500] for start in range(0, len(every), 500))


def at_meters(commands: Iterable[Command | None]) -> dict[int, int]:
    """Return the amount (nano) that each command and its code together brought to the meter, by the journals. The keys are
    the commands' primary keys. Commands without an entry are left out. So is None, which stands for credit that a code
    alone brings to a keypad meter.
    """
    listed = [each for each in commands if each is not None]
    bodies = _bodies((each.meter_id, seq) for each in listed for seq in (each.applied_seq, each.coded_seq))
    return {each.pk: amount for each in listed if (amount := _brought(each, bodies)) is not None}


def _bodies(places: Iterable[tuple[int, int | None]]) -> dict[tuple[int, int], bytes]:
    """Return the stored bytes of the journal entries at these places (meter, sequence number)."""
    bodies: dict[tuple[int, int], bytes] = {}
    for part in parts({(meter, seq) for meter, seq in places if seq is not None}):
        rows = JournalEntry.objects.filter(pk__in=part).values_list("meter_id", "seq", "body")
        bodies |= {(meter, seq): bytes(body) for meter, seq, body in rows}
    return bodies


def _brought(command: Command, bodies: Mapping[tuple[int, int], bytes]) -> int | None:
    """Return the amount that a command and its code brought to the meter, nano; None if the journal has an entry for
    neither.
    """
    applied, coded = (
        None if seq is None or (body := bodies.get((command.meter_id, seq))) is None else decode_entry(body)
        for seq in (command.applied_seq, command.coded_seq)
    )
    if isinstance(applied, Recognised | Refused) and command.state == Command.State.APPLIED:
        # The meter had all of it before: by its code, or by a command that a restored server does not know.
        return int(getattr(getattr(decode_command(bytes(command.body)), "order", None), "amount", 0))
    amounts = [entry.amount for entry in (applied, coded) if isinstance(entry, CreditApplied | CreditByCode)]
    return sum(amounts) if amounts else None


def booked(of: Of, numbers: Iterable[int], part: Part | None = None) -> dict[int, Transfer]:
    """Return the ledger's transfers of one kind of things, by their numbers. `part`: the part of the reference; None
    for the main transfer.
    """
    return {
        each.number or 0: each
        for some in parts(numbers)
        for each in Transfer.objects.filter(of=of, number__in=some, part=part or "").select_related("debit_account")
    }


def carriage_of(command: Command | None) -> Carriage:
    """Return the state of the command that carries an amount to its meter."""
    if command is None:
        return Carriage.NONE
    if command.state in (Command.State.QUEUED, Command.State.SENT):
        return Carriage.WAITS
    return Carriage.REFUSED if command.state == Command.State.REJECTED else Carriage.DONE
