"""Looks for what people must be told. Each look finds by itself what is new. What it notes and what it tells are one
transaction, so the next look makes up for a look that broke off.
"""

from __future__ import annotations

from django.db import transaction

from ...kernel.units import MINUTE
from ..core.time import now
from ..metering.apart import apart, gateway_of, meter_or_gateway_of
from ..metering.locking import for_update
from ..metering.models import Gateway, Meter
from .for_managers import ManagerLook
from .for_tenants import TenantLook
from .models import Recipient
from .recipients import add_tenants
from .recipients_to_tell import to_be_told

IDLE = 10 * MINUTE
"""A recipient whose meter and payments have nothing new is looked at again after this time, µs."""


def watch() -> None:
    """Look once for everybody who can be reached and for whom there may be something new. Odd data of one tenant does
    not keep others from being told.
    """
    add_tenants()
    apart("notices", to_be_told(now() - IDLE), _look_for, _meter_or_gateway)


@transaction.atomic
def _look_for(recipient: Recipient) -> None:
    locked = for_update(Recipient.objects).get(pk=recipient.pk)
    locked.organisation, locked.tenancy = recipient.organisation, recipient.tenancy
    if locked.tenancy is not None:
        TenantLook(locked, locked.tenancy).look()
    else:
        ManagerLook(locked).look()
    locked.looked_at = now()
    locked.save(update_fields=["looked_at"])


def _meter_or_gateway(recipient: Recipient) -> Meter | Gateway | None:
    return (
        meter_or_gateway_of(recipient.tenancy) if recipient.tenancy is not None else gateway_of(recipient.organisation)
    )
