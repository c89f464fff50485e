"""Codes that carry no credit, but an order or a test."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.entries import Control
from ...kernel.orders import Action, ClearCredit, ClearTamper, LimitPower
from ...kernel.supply import WATTS_MAX
from ...tokens import (
    ALL_CREDIT,
    Function,
    Management,
    MeterTest,
    NumberError,
    encode,
)
from ..metering.locking import lock_meters
from ..metering.models import Meter
from .codes import vend
from .credit_log import issue
from .models import Code, TokenMeter
from .refusals import VendError
from .token_identifiers import next_tid


@transaction.atomic
def vend_management(token_meter: TokenMeter, function: Function, value: int = 0, by: Any = None) -> Code:
    """Make a management code. For a meter of our own the credit log gets the same order; whichever arrives first
    counts. Raises VendError if the meter does not have this function.
    """
    if function == Function.CLEAR_CREDIT and not value:
        value = ALL_CREDIT
    lock_meters(Meter.objects.filter(token_meter=token_meter))
    tid = next_tid(token_meter)
    code = vend(token_meter, Management(function, tid, value), Code.Kind.MANAGEMENT, by, value, function.name.lower())
    if token_meter.meter is not None:
        actions: dict[Function, Action] = {
            Function.SET_POWER_LIMIT: LimitPower(min(value, WATTS_MAX)),
            Function.CLEAR_CREDIT: ClearCredit(),
            Function.CLEAR_TAMPER: ClearTamper(),
        }
        action = actions.get(function)
        if action is None:
            raise VendError(_("This meter does not have this function: its tariff comes over the network."))
        who = by.get_username() if by is not None else ""
        code.command = issue(token_meter.meter, Control(action, who, tid=tid))
        code.save(update_fields=["command"])
    return code


def meter_test_code(control: int, manufacturer: int = 0, long: bool = False) -> str:
    """Return a test code (class 1), which works at any meter. Raises VendError if a number is not possible."""
    try:
        return encode(MeterTest(control, manufacturer, long))
    except NumberError as error:
        raise VendError(str(error)) from None
