"""The credit log of a meter: each command is numbered, signed, and stored before it is sent.

Numbers count from 1 without a gap, since the meter takes up one after the other. A server that was restored from a copy
may have given numbers that the meter has used; those commands get new numbers.
"""

from __future__ import annotations

from django.db import transaction

from ...kernel import entries
from ...kernel.naming import named
from ..core.time import now
from ..metering.locking import for_update
from ..metering.models import Meter
from .models import Command
from .signed_commands import signed_row


@transaction.atomic
def issue(meter: Meter, order: entries.AnyOrder) -> Command:
    """Add an order to the meter's credit log. The head-end sends it again and again until the journal shows it. Returns
    the command.
    """
    locked = for_update(Meter.objects).get(pk=meter.pk)
    command = signed_row(locked, named(locked.name, locked.commands + 1, now(), order))
    Meter.objects.filter(pk=locked.pk).update(commands=command.number)
    command.save(force_insert=True)
    return command


def fill_in(meter: Meter, number: int, at: int, order: entries.AnyOrder, name: bytes) -> Command:
    """Store a command that a journal shows under this name and the log does not have. Returns it."""
    row = signed_row(meter, entries.Command(meter.name, number, at, order, name))
    row.state, row.is_from_journal = Command.State.APPLIED, True
    row.save(force_insert=True)
    return row
