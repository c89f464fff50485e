"""The credit log of a meter: each command is numbered, signed, and stored before it is sent.

Numbers count from 1 without a gap, since the meter takes up one after the other. A server that was restored from a copy
may have given numbers that the meter has used; those commands get new numbers.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.db import transaction
from django.db.models import F
from msgspec.structs import replace

from ...kernel import entries
from ...kernel.naming import named
from ...wire.signing import SigningKey, sign_command
from ..core.config import signing_key
from ..core.time import now
from ..metering.locking import for_update
from ..metering.models import Meter
from .models import OPEN, Command


@cache
def _key() -> SigningKey:
    return signing_key(settings.CONFIG)


@transaction.atomic
def issue(meter: Meter, order: entries.AnyOrder) -> Command:
    """Add an order to the meter's credit log. The head-end sends it again and again until the journal shows it. Returns
    the command.
    """
    locked = for_update(Meter.objects).get(pk=meter.pk)
    command = _row(locked, named(locked.name, locked.commands + 1, now(), order))
    Meter.objects.filter(pk=locked.pk).update(commands=command.number)
    command.save(force_insert=True)
    return command


def _row(meter: Meter, command: entries.Command) -> Command:
    signed = sign_command(_key(), command)
    return Command(
        meter=meter,
        number=command.number,
        kind=str(command.order.__struct_config__.tag),
        body=signed.body,
        signature=signed.signature,
        issued_at=command.issued,
        # An order that ends a code has no code itself.
        tid=None if isinstance(command.order, entries.EndCode) else getattr(command.order, "tid", None),
    )


def sign_anew(row: Command, number: int, order: entries.AnyOrder | None = None) -> None:
    """Give a command another number, or another order, and sign it again. Raises EntryError if its body cannot be read
    and no order is given.
    """
    known = None if order else entries.decode_command(bytes(row.body))
    if order is not None:
        command = named(row.meter.name, number, row.issued_at, order)
    elif isinstance(known, entries.Command):
        command = replace(known, number=number)
    else:
        raise entries.EntryError(f"command {row.number} of meter {row.meter} is of a kind that is not known here")
    signed = sign_command(_key(), command)
    row.body, row.signature = signed.body, signed.signature
    if number != row.number:
        row.earlier_number, row.number = row.number if row.number > 0 else row.earlier_number, number
    row.save(update_fields=["number", "earlier_number", "body", "signature"])


def change_order(row: Command, order: entries.AnyOrder) -> None:
    """Give a waiting command another order, signed with the number in its body; a command that has stepped aside gets
    its new number later. Raises EntryError if its body cannot be read.
    """
    known = entries.decode_command(bytes(row.body))
    signed = sign_command(_key(), named(row.meter.name, known.number, row.issued_at, order))
    row.body, row.signature, row.tid = signed.body, signed.signature, getattr(order, "tid", None)
    row.save(update_fields=["body", "signature", "tid"])


def is_in_order(opened: list[int], taken: int, reported: int) -> bool:
    """Return whether a meter can take up its open commands, which have the numbers `opened`. `taken`: the last number
    that its journal shows; `reported`: the last number that it says it has taken up.
    """
    base = max(taken, reported)
    beyond = [number for number in opened if number > base]
    return all(number > taken for number in opened) and beyond == list(range(base + 1, base + 1 + len(beyond)))


@transaction.atomic
def renumber(meter: Meter) -> list[Command]:
    """Give a meter's open commands new numbers, in their order, from the first number that the meter has not used.
    Commands that it may be taking up just now keep theirs. Returns the changed commands.
    """
    locked = for_update(Meter.objects).get(pk=meter.pk)
    base = max(locked.taken, locked.told_command)
    opened = Command.objects.filter(meter=locked, state__in=OPEN).select_related("meter")
    # They were made in the order of their numbers.
    moving = [row for row in opened.order_by("pk") if not locked.taken < row.number <= base]
    numbers = range(base + 1, base + 1 + len(moving))
    changed = [(row, number) for row, number in zip(moving, numbers, strict=True) if row.number != number]
    for row, _number in changed:
        step_aside(locked, row.number)
    for row, number in changed:
        sign_anew(row, number)
        Command.objects.filter(pk=row.pk).update(state=Command.State.QUEUED)
    Meter.objects.filter(pk=locked.pk).update(commands=base + len(moving))
    return [row for row, _number in changed]


def step_aside(meter: Meter, number: int) -> None:
    """Take the number away from an open command of a meter, until it gets a new one."""
    Command.objects.filter(meter=meter, number=number, number__gt=0, state__in=OPEN).update(
        earlier_number=F("number"), number=-F("pk"), state=Command.State.QUEUED
    )


def fill_in(meter: Meter, number: int, at: int, order: entries.AnyOrder, name: bytes) -> Command:
    """Store a command that a journal shows under this name and the log does not have. Returns it."""
    row = _row(meter, entries.Command(meter.name, number, at, order, name))
    row.state, row.is_from_journal = Command.State.APPLIED, True
    row.save(force_insert=True)
    return row
