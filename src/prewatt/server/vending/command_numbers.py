"""Commands get new numbers where a server that was restored from a copy gave some that the meter has used."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from ..metering.locking import for_update
from ..metering.models import Meter
from .models import OPEN, Command
from .signed_commands import sign_anew


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
