"""What people order a meter to do: its switch, its power limit, emergency credit. One command each, with who and why."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.entries import Control, decode_command
from ...kernel.supply import Action, Restore, TakeEmergency
from ...kernel.units import DAY, NANO
from ..metering.models import Meter
from ..time import now
from .credit_log import issue
from .models import OPEN, Command

LONGEST = 31 * DAY
LARGEST = 1_000 * NANO
"""Bounds of a restoration: somebody who means more records a payment."""


class ControlError(ValueError):
    """The order can't be given; the message, for people, says why. Nothing was changed."""


def control(meter: Meter, action: Action, by: Any, reason: str = "") -> Command:
    """Order a meter to do something, in a person's name. ControlError if it can't be."""
    if isinstance(action, Restore):
        if not action.amount and not action.until:
            raise ControlError(_("Say until when, or how much."))
        if action.until and not now() < action.until <= now() + LONGEST:
            raise ControlError(_("A restoration ends within 31 days from now."))
        if action.amount > LARGEST:
            raise ControlError(_("A restoration is of at most %(most)s.") % {"most": LARGEST // NANO})
    who = by if isinstance(by, str) else by.get_username()
    return issue(meter, Control(action, who[:200], reason[:200]))


@transaction.atomic
def take_emergency(meter: Meter, by: str) -> Command:
    """A tenant takes the emergency credit over the server. Asked twice, it is one order."""
    Meter.objects.select_for_update().get(pk=meter.pk)
    for command in Command.objects.filter(meter=meter, state__in=OPEN, kind="control"):
        order = getattr(decode_command(bytes(command.body)), "order", None)
        if isinstance(order, Control) and isinstance(order.action, TakeEmergency):
            return command
    return control(meter, TakeEmergency(), by)
