"""This module stores what a batch changes for meters: their rows and entries, the commands that their journals show, and the books.
It is called in the batch's transaction, with the meters' rows locked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from ..kernel.entries import Reading, Relay
from ..kernel.sentences import stored
from ..server.billing.owed import owe_cleared
from ..server.estate.models import Tenancy
from ..server.estate.occupancy import holder_at
from ..server.ledger.books import Charge, book_emergency, book_restored
from ..server.ledger.charges import charges_of
from ..server.metering.accounts import kept
from ..server.metering.models import Alarm, JournalEntry, Meter
from ..server.sales.found import is_known
from ..server.sales.found import keep as keep_found
from ..server.vending.command_numbers import renumber, step_aside
from ..server.vending.models import OPEN, Command
from ..server.vending.signed_commands import sign_anew
from ..wire.messages import MeterStatus
from .batch import Applied, MeterPlan, NewEntry

State = Command.State


class OutrunError(Exception):
    """Another worker has changed these meters, or handled what a gateway sent, in the meantime: the batch must be
    planned again.
    """


def store_meter(meter: Meter, change: MeterPlan, tenancies: Sequence[Tenancy]) -> list[Charge]:
    """Store what a batch brings for a meter, except its entries and its row. `tenancies`: all tenancies of its unit.
    Returns the charges of its readings, which are still to be booked.
    """
    _take_up(meter, change)
    for seq, at, amount in change.cleared:
        owe_cleared(meter, holder_at(tenancies, at), amount, at, seq)
    if change.emergency:
        seq, at, lent = change.emergency
        book_emergency(meter, at, seq, lent)
    for seq, at, lent, memo in change.restored:
        book_restored(meter, at, seq, lent, memo)
    Alarm.objects.bulk_create(
        (
            Alarm(
                meter=meter,
                kind="difference",
                key=str(each.seq),
                seq=each.seq,
                at=each.at,
                text=str(each.text),
                parts=stored(each.text),
            )
            for each in change.differences
        ),
        ignore_conflicts=True,
    )
    return charges_of(meter, tenancies, change.charges)


def tenancies_of(meters: Iterable[Meter]) -> Mapping[int | None, Sequence[Tenancy]]:
    """Return the tenancies of the meters' units, by the primary key of the unit."""
    tenancies: dict[int | None, list[Tenancy]] = defaultdict(list)
    units = {meter.unit_id for meter in meters if meter.unit_id}
    for tenancy in Tenancy.objects.filter(unit__in=units).select_related("unit__property__organisation"):
        tenancies[tenancy.unit_id].append(tenancy)
    return tenancies


def move_on(changes: Sequence[tuple[Meter, MeterPlan]]) -> None:
    """Update the rows of meters from their accounts, by one statement: a batch changes hundreds, and Django would build
    a new statement for each. Raises OutrunError if one has changed since the batch was planned.
    """
    if not changes:
        return
    rows = [_row(change) for _meter, change in changes]
    columns = ", ".join(f'"{name}" = %s' for name in rows[0])
    # Its columns are those of `_row`.
    statement = f"""
        UPDATE {Meter._meta.db_table}
        SET {columns},
            commands = CASE WHEN commands > %s THEN commands ELSE %s END,
            late = late + %s,
            duplicates = duplicates + %s
        WHERE id = %s AND seq = %s
    """  # noqa: S608
    values = [
        (*row.values(), row["taken"], row["taken"], _late(change), change.duplicates, meter.pk, meter.seq)
        for row, (meter, change) in zip(rows, changes, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
        if cursor.rowcount != len(values):
            raise OutrunError(", ".join(meter.name for meter, _change in changes))


def _row(change: MeterPlan) -> dict[str, Any]:
    """Return the columns of a meter's row that its account gives, in an order that is always the same."""
    account = change.account
    return {
        "seq": account.seq,
        **kept(account, change.head),
        "offset": change.offset,
        "at": account.at,
        "balance": account.balance,
        "register": account.shown,
        "read_at": account.read_at,
        "closed": account.closed,
        "is_low": account.is_low(),
        "taken": account.command,
    }


def _late(change: MeterPlan) -> int:
    return sum(new.late for new in change.entries)


def _take_up(meter: Meter, change: MeterPlan) -> None:
    """Update the credit log from the journal: which commands it shows as taken up, and what it shows that the log
    lacks.
    """
    for coded in change.coded:
        Command.objects.filter(meter=meter, number=coded.number).update(coded_seq=coded.seq, coded_at=coded.at)
    for applied in change.applied:
        _close(meter, applied)
    for command in change.unlogged:
        if command.number is not None:
            step_aside(meter, command.number)
        keep_found(
            meter,
            seq=command.seq,
            at=command.at,
            number=command.number,
            order=command.order,
            amount=command.amount,
            tid=command.tid,
            name=command.name,
        )
    if change.unlogged or any(applied.is_astray for applied in change.applied):
        renumber(meter)


def _close(meter: Meter, applied: Applied) -> None:
    """Close the open command that the journal shows as taken up."""
    rows = Command.objects.filter(meter=meter, number=applied.number, state__in=OPEN)
    moved = rows.first() if applied.is_astray else None
    rows.update(
        state=State.REJECTED if applied.reason else State.APPLIED,
        applied_seq=applied.seq,
        applied_at=applied.at,
        reason=applied.reason,
    )
    if applied.tid is not None:
        is_known(meter, applied.tid)
    if moved is not None:
        # The meter took it up under the number that it had before.
        step_aside(meter, applied.taken)
        if not Command.objects.filter(meter=meter, number=applied.taken).exists():
            sign_anew(moved, applied.taken)


def store_status(meter: Meter, status: MeterStatus) -> None:
    """Store a meter's status, even if an earlier status told of more entries: the later one is believed."""
    # Each command that was taken up is an entry: what says more can't be.
    most = meter.taken + max(status.seq - meter.seq, 0)
    command = status.command if status.command <= most else meter.taken
    Meter.objects.filter(pk=meter.pk).update(
        told_seq=status.seq,
        told_at=status.at,
        told_balance=status.balance,
        told_closed=status.closed,
        told_command=command,
        commands=Greatest(F("commands"), command),
        told_quantities=status.quantities,
        told_switch=status.switch,
    )


def store_entries(entries: Iterable[tuple[Meter, NewEntry]]) -> None:
    """Store new entries by one statement: Django would build a model and a part of the statement for each. Raises
    IntegrityError if one of them is stored already.
    """
    rows = [_entry(meter, new) for meter, new in entries]
    if not rows:
        return
    columns, places = ", ".join(f'"{name}"' for name in rows[0]), ", ".join(["%s"] * len(rows[0]))
    # Its columns are those of `_entry`.
    statement = f"INSERT INTO {JournalEntry._meta.db_table} ({columns}) VALUES ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, [tuple(row.values()) for row in rows])


def _entry(meter: Meter, new: NewEntry) -> dict[str, Any]:
    """Return the columns of a new entry, with energy and charge as the server rated them, in an order that is always the same."""
    entry, own = new.entry, new.own
    rated = own if isinstance(own, Reading) else None
    return {
        "meter_id": meter.pk,
        "seq": new.seq,
        "at": entry.at,
        "kind": str(entry.__struct_config__.tag),
        "balance": entry.balance,
        "register": rated.register if rated else None,
        "energy": rated.energy if rated else None,
        "charge": rated.charge if rated else None,
        "closed": entry.closed if isinstance(entry, Relay) else None,
        "is_late": new.late,
        "body": new.body,
        "hash": new.hash,
    }
