"""Raising and settling alarms: of each kind one is open at a time for a meter or a gateway.

Kinds that carry `data`: `unbooked`, what was credited or taken off at a meter and is not in the books
(`vending.found`); `rebased` and `exchanged`, once answered (`vending.questions`); `difference`, once the meter's figure is
taken (`vending.as_metered`); `meter-found` (`commissioning.found`); `journal-gap` and `journal-opened` (`vending.openings`).
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from ...kernel.sentences import Sentence, stored
from ..core.time import now
from ..estate.models import Property
from .models import Alarm, Gateway, Meter


def raise_alarm(
    kind: str,
    text: Sentence,
    at: int,
    *,
    meter: Meter | None = None,
    gateway: Gateway | None = None,
    key: str = "",
    seq: int = 0,
    data: dict[str, Any] | None = None,
) -> Alarm | None:
    """Raise an alarm for people, of a meter or a gateway. Returns the alarm; None if an alarm of this kind (and `key`)
    is open there already.
    """
    if Alarm.objects.filter(meter=meter, gateway=gateway, kind=kind, key=key, is_resolved=False).exists():
        return None
    try:
        with transaction.atomic():
            return Alarm.objects.create(
                meter=meter,
                gateway=gateway,
                kind=kind,
                key=key,
                seq=seq,
                at=at,
                text=str(text),
                parts=stored(text),
                data=data or {},
            )
    except IntegrityError:
        # Somebody else has said it at the same time.
        return None


def open_alarms(property_: Property) -> QuerySet[Alarm]:
    """Return the open alarms of a property, the latest first."""
    alarms = Alarm.objects.filter(
        Q(meter__gateway__property=property_) | Q(gateway__property=property_), is_resolved=False
    )
    return alarms.select_related("meter__unit", "gateway").order_by("-at", "-pk")


def settle(alarm: Alarm, by: str) -> None:
    """Settle an alarm, because the person `by` has looked at it or has done what it asks."""
    Alarm.objects.filter(pk=alarm.pk, resolved_by="").update(is_resolved=True, resolved_by=by[:150], resolved_at=now())


def settle_alarms(kind: str, key: str = "") -> None:
    """Settle the alarms of a kind and key, because their cause is over."""
    Alarm.objects.filter(kind=kind, key=key, is_resolved=False).update(is_resolved=True)


def settle_of_meter(meter: Meter, kind: str) -> None:
    """Settle a meter's alarms of a kind, because their cause is over."""
    Alarm.objects.filter(meter=meter, kind=kind, is_resolved=False).update(is_resolved=True)
