"""How long a meter is supplied whatever its credit is."""

from __future__ import annotations

from ...kernel.entries import Control, decode_command
from ...kernel.orders import Restore
from ...kernel.units import BALANCE_MAX
from ..metering.accounts import account_of
from ..metering.models import Meter
from .models import OPEN, Command


def restored_until(meter: Meter) -> int:
    """Return the instant until which a meter is, or soon will be, supplied whatever its credit is; 0 if it is not."""
    supply = account_of(meter).supply
    until = supply.grace_until if supply.grace == BALANCE_MAX else 0
    for body in Command.objects.filter(meter=meter, state__in=OPEN, kind="control").values_list("body", flat=True):
        order = getattr(decode_command(bytes(body)), "order", None)
        if isinstance(order, Control) and isinstance(order.action, Restore) and not order.action.amount:
            until = max(until, order.action.until)
    return until
