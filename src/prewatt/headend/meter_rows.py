"""This module stores what a batch changes for one meter: its row, the commands that its journal shows, and the books.
It is called in the batch's transaction, with the meter's row locked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

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
from ..server.vending.credit_log import renumber, sign_anew, step_aside
from ..server.vending.models import OPEN, Command
from ..wire.messages import MeterStatus
from .batch import Applied, MeterPlan, NewEntry

State = Command.State


class OutrunError(Exception):
    """Another worker has changed these meters, or handled what a gateway sent, in the meantime: the batch must be
    planned again.
    """


def store_meter(meter: Meter, change: MeterPlan, tenancies: Sequence[Tenancy]) -> list[Charge]:
    """Store what a batch brings for a meter, except its entries. `tenancies`: all of its unit. Returns what to book of its
    readings. Raises OutrunError if its row has changed since the batch was planned.
    """
    _move_on(meter, change)
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


def _move_on(meter: Meter, change: MeterPlan) -> None:
    """Update the row from the account."""
    account = change.account
    updated = Meter.objects.filter(pk=meter.pk, seq=meter.seq).update(
        seq=account.seq,
        **kept(account, change.head),
        offset=change.offset,
        at=account.at,
        balance=account.balance,
        register=account.shown,
        read_at=account.read_at,
        closed=account.closed,
        low=account.is_low(),
        taken=account.command,
        commands=Greatest(F("commands"), account.command),
        late=F("late") + sum(new.late for new in change.entries),
        duplicates=F("duplicates") + change.duplicates,
    )
    if not updated:
        raise OutrunError(meter.name)


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
    """Store a meter's status, unless the stored one is of a later entry."""
    # Each command that was taken up is an entry: what says more can't be.
    most = meter.taken + max(status.seq - meter.seq, 0)
    command = status.command if status.command <= most else meter.taken
    Meter.objects.filter(pk=meter.pk, told_seq__lte=status.seq).update(
        told_seq=status.seq,
        told_at=status.at,
        told_balance=status.balance,
        told_closed=status.closed,
        told_command=command,
        commands=Greatest(F("commands"), command),
        told_quantities=status.quantities,
        told_switch=status.switch,
    )


def entry_row(meter: Meter, new: NewEntry) -> JournalEntry:
    """Return the row of a new entry, with energy and charge as the server rated them."""
    entry = new.entry
    row = JournalEntry(
        meter=meter,
        seq=new.seq,
        at=entry.at,
        kind=str(entry.__struct_config__.tag),
        balance=entry.balance,
        late=new.late,
        body=new.body,
        hash=new.hash,
    )
    if isinstance(new.own, Reading):
        row.register, row.energy, row.charge = new.own.register, new.own.energy, new.own.charge
    elif isinstance(entry, Relay):
        row.closed = entry.closed
    return row
