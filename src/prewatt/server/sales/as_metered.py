"""The books follow the meter if the two differ for good: one person proposes it, a second person agrees. Nothing is
sent to the meter.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.time import now
from ..estate.models import Tenancy
from ..estate.occupancy import holder_at
from ..ledger.references import Of, Part, Reference
from ..metering.models import Alarm
from ..vending.models import Adjustment
from ..vending.refusals import GivingBackError
from .differences import gap
from .giving_back import propose_as_metered


@transaction.atomic
def propose(alarm: Alarm, by: Any, reason: str) -> Adjustment:
    """Propose to take the meter's figure into the books of the present tenant. Returns the proposal. Raises
    GivingBackError if there is no difference, or nobody lives there.
    """
    amount, tenancy = gap(alarm), _tenancy(alarm)
    if not amount:
        raise GivingBackError(_("The books and the meter agree: there is nothing to book."))
    if tenancy is None:
        raise GivingBackError(_("Nobody lives there now, so there is no tenant's account to change."))
    return propose_as_metered(tenancy, amount, _of(alarm), by, reason)


def _of(alarm: Alarm) -> Reference:
    return Reference(Of.ALARM, alarm.pk).and_(Part.METERED)


def waiting(alarm: Alarm) -> bool:
    """Return whether a proposal for this alarm waits for a second person."""
    return Adjustment.objects.filter(**_of(alarm)._asdict(), state=Adjustment.State.WAITING).exists()


def _tenancy(alarm: Alarm) -> Tenancy | None:
    assert alarm.meter is not None
    tenancies = Tenancy.objects.filter(unit=alarm.meter.unit_id, settled_at__isnull=True)
    at = now()
    return holder_at(tenancies.select_related("unit__property__organisation"), at)
