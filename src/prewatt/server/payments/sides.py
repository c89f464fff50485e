"""What the ledger and the meters' journals say of money, for the reconciliation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

from ...kernel.entries import CreditApplied, CreditByCode, Recognised, Refused, decode_command, decode_entry
from ..ledger.models import Transfer
from ..ledger.references import Of, Part
from ..metering.models import JournalEntry
from ..vending.models import Command
from .verdicts import Carriage

T = TypeVar("T")


def parts(values: Iterable[T]) -> Iterable[list[T]]:
    """So many at a time as a question to the database can name."""
    every = list(values)
    return (every[start : start + 500] for start in range(0, len(every), 500))


def at_meters(commands: Iterable[Command]) -> dict[int, int]:
    """What the meters' journals say that commands brought, in nano by command: by whichever carrier. Of a command that no
    entry shows yet, none.
    """
    wanted = list(commands)
    places = {(each.meter_id, seq) for each in wanted for seq in (each.applied_seq, each.coded_seq) if seq is not None}
    entries: dict[tuple[int, int], bytes] = {}
    by_meter: dict[int, list[int]] = defaultdict(list)
    for meter, seq in places:
        by_meter[meter].append(seq)
    for meter, seqs in by_meter.items():
        for part in parts(seqs):
            rows = JournalEntry.objects.filter(meter_id=meter, seq__in=part)
            entries |= {(meter, seq): bytes(body) for seq, body in rows.values_list("seq", "body")}
    brought = {}
    for each in wanted:
        bodies = [
            None if seq is None else entries.get((each.meter_id, seq)) for seq in (each.applied_seq, each.coded_seq)
        ]
        shown = [None if body is None else decode_entry(body) for body in bodies]
        amounts = [entry.amount for entry in shown if isinstance(entry, CreditApplied | CreditByCode)]
        if isinstance(shown[0], Recognised | Refused) and each.state == Command.State.APPLIED:
            # All of it was there before, by its code, or by a command that a server put back from a copy had forgotten.
            amounts = [getattr(getattr(decode_command(bytes(each.body)), "order", None), "amount", 0)]
        if amounts:
            brought[each.pk] = sum(amounts)
    return brought


def booked(of: Of, numbers: Iterable[int], part: Part | None = None) -> dict[int, Transfer]:
    """The ledger's transfers of things of one kind, by their numbers."""
    return {
        each.number or 0: each
        for some in parts(numbers)
        for each in Transfer.objects.filter(of=of, number__in=some, part=part or "").select_related("debit_account")
    }


def carriage_of(command: Command | None) -> Carriage:
    """How it stands with a command."""
    if command is None:
        return Carriage.NONE
    if command.state in (Command.State.QUEUED, Command.State.SENT):
        return Carriage.WAITS
    return Carriage.REFUSED if command.state == Command.State.REJECTED else Carriage.DONE
