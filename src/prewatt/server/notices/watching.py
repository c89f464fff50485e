"""Looking for what somebody is to be told of. Each look finds by itself what is new; what it notes and what it tells are one
transaction, so that a look that is broken off is made up for by the next.
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
from .recipients import add_tenants, to_be_told

IDLE = 10 * MINUTE
"""How long nothing is looked for where neither the meter nor a payment says anything new."""


def watch() -> None:
    """Look once for everybody who can be reached and for whom there may be something new: one tenant's odd data keeps nobody
    else from being told.
    """
    add_tenants()
    apart("notices", to_be_told(now() - IDLE), _look_for, _where)


@transaction.atomic
def _look_for(recipient: Recipient) -> None:
    mine = for_update(Recipient.objects).get(pk=recipient.pk)
    mine.organisation, mine.tenancy = recipient.organisation, recipient.tenancy
    if mine.tenancy is not None:
        TenantLook(mine, mine.tenancy).look()
    else:
        ManagerLook(mine).look()
    mine.looked_at = now()
    mine.save(update_fields=["looked_at"])


def _where(recipient: Recipient) -> Meter | Gateway | None:
    return (
        meter_or_gateway_of(recipient.tenancy) if recipient.tenancy is not None else gateway_of(recipient.organisation)
    )
