"""What a gateway holds of the key of a meter."""

from __future__ import annotations

from typing import Any

from ...tokens import MeterKey
from ..metering.models import Meter
from .models import TokenMeter
from .security import security_module


def held_key(meter: Meter) -> dict[str, Any] | None:
    """Return the data with which a gateway decodes codes for a meter, with the names of `edge.settings.TokenSettings`;
    None if the meter has no key.
    """
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    if token_meter is None:
        return None
    key = token_meter.key()
    secret = security_module().decoder_key(bytes(token_meter.group.sealed), key)
    return {**_attributes(key), "key": secret.hex()}


def _attributes(key: MeterKey) -> dict[str, Any]:
    return {
        "pan": key.pan,
        "supply_group": key.supply_group,
        "tariff_index": key.tariff_index,
        "revision": key.revision,
        "key_type": key.key_type.value,
        "expiry": key.expiry,
        "base": key.base.value,
        "dkga": key.dkga.value,
        "algorithm": key.algorithm.value,
    }
