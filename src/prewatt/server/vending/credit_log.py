"""Adding to a meter's credit log: numbered, signed, stored before it is sent."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.db import transaction

from ...kernel import entries
from ...wire.signing import SigningKey, sign_command
from ..config import signing_key
from ..metering.models import Meter
from ..time import now
from .models import Command


@cache
def _key() -> SigningKey:
    return signing_key(settings.CONFIG)


@transaction.atomic
def issue(meter: Meter, order: entries.AnyOrder) -> Command:
    """Add an order to the meter's credit log. The head-end sends it, and again, until the journal shows it taken up."""
    locked = Meter.objects.select_for_update().get(pk=meter.pk)
    command = entries.Command(locked.name, locked.commands + 1, now(), order)
    signed = sign_command(_key(), command)
    Meter.objects.filter(pk=locked.pk).update(commands=command.number)
    return Command.objects.create(
        meter=locked,
        number=command.number,
        kind=str(order.__struct_config__.tag),
        body=signed.body,
        signature=signed.signature,
        issued=command.issued,
        tid=getattr(order, "tid", None),
    )
