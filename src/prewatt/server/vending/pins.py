"""The PINs of flats for the gateway's page. They are made here and shown once. A PIN reaches the meter as a hash, by
the network and by a code that a person types, so that a PIN that is made in an outage works in that outage.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from ...kernel.entries import Control
from ...kernel.orders import SetPin
from ...kernel.units import MINUTE
from ...tokens import BaseDate, grouped, instant_of
from ...wire.order_codes import pin_token
from ...wire.pins import DIGITS, hash_pin, keep_pin
from ..core.people import name_of
from ..estate.models import Unit
from ..metering.locking import for_update
from ..metering.models import Meter
from .account_settings import send_settings_to
from .credit_log import issue
from .models import TokenMeter
from .refusals import VendError
from .security import security_module
from .token_identifiers import next_tid


@dataclass(frozen=True)
class NewPin:
    """A PIN, shown once. `code`: the code that brings it to the gateway without a network, in groups of digits; empty
    if only the network can. `meter`: the serial number of the meter at which the code is typed.
    """

    pin: str
    code: str = ""
    meter: str = ""


@transaction.atomic
def new_pin(unit: Unit, by: Any) -> NewPin:
    """Make a PIN for a flat's page on the gateway, in a person's name. Neither the PIN nor its code is stored here."""
    pin = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    meter = for_update(Meter.objects).filter(unit=unit).first()
    tid, minute = _identifier(meter)
    unit.pin_hash = (
        hash_pin(pin, secrets.token_bytes(16)) if meter is None or tid is None else keep_pin(pin, meter.name, minute)
    )
    unit.save(update_fields=["pin_hash"])
    if meter is None:
        return NewPin(pin)
    code = ""
    if tid is not None:
        token_meter = TokenMeter.objects.select_related("group").get(meter=meter)
        code = grouped(
            security_module().encode(bytes(token_meter.group.sealed), token_meter.key(), pin_token(pin, tid))
        )
        issue(meter, Control(SetPin(unit.pin_hash), name_of(by)[:200], tid=tid))
    # This comes after the order, since earlier settings on the way have the old PIN.
    send_settings_to(meter)
    return NewPin(pin, code, meter.hangs)


def _identifier(meter: Meter | None) -> tuple[int | None, int]:
    """Return the identifier of a PIN's code and its minute since 1970; None if the meter takes no codes."""
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first() if meter else None
    if token_meter is None:
        return None, 0
    try:
        tid = next_tid(token_meter)
    except VendError:
        return None, 0
    return tid, instant_of(BaseDate(token_meter.group.base), tid) // MINUTE
