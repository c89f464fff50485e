"""Raising and settling alarms: of each kind one is open at a time for a meter or a gateway.

Kinds that carry `data`: `unbooked`, what was credited or taken off at a meter and is not in the books
(`vending.found`).
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from .models import Alarm, Gateway, Meter


def raise_alarm(
    kind: str,
    text: str,
    at: int,
    *,
    meter: Meter | None = None,
    gateway: Gateway | None = None,
    key: str = "",
    seq: int = 0,
    data: dict[str, Any] | None = None,
) -> Alarm | None:
    """Tell a person, of a meter or a gateway. None if an alarm of this kind (and `key`) is open there already."""
    if Alarm.objects.filter(meter=meter, gateway=gateway, kind=kind, key=key, settled=False).exists():
        return None
    try:
        with transaction.atomic():
            return Alarm.objects.create(
                meter=meter, gateway=gateway, kind=kind, key=key, seq=seq, at=at, text=text, data=data or {}
            )
    except IntegrityError:
        # Somebody else has said it at the same time.
        return None


def settle_alarms(kind: str, key: str = "") -> None:
    """What the alarms of a kind and key told of is over."""
    Alarm.objects.filter(kind=kind, key=key, settled=False).update(settled=True)
