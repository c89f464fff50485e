"""The codes that bring a meter to the key of another group."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ...tokens import NumberError
from ..core.time import now
from ..metering.locking import for_update
from .models import Code, SupplyGroup, TokenMeter
from .refusals import VendError
from .security import security_module


@transaction.atomic
def change_key(
    token_meter: TokenMeter, group: SupplyGroup, tariff_index: int, by: Any = None, rollover: bool | None = None
) -> list[Code]:
    """Make the codes that bring a meter to the key of another group or revision. Later codes are for the new key, so
    these must be typed first. Raises VendError if the change is not possible.
    """
    locked = for_update(TokenMeter.objects).select_related("group").get(pk=token_meter.pk)
    old = locked.key()
    try:
        new = group.key_for(locked.pan, tariff_index)
        codes_of_keys = security_module().change_key(
            bytes(locked.group.sealed), old, bytes(group.sealed), new, rollover
        )
    except NumberError as error:
        raise VendError(str(error)) from None
    at = now()
    codes = [
        Code.objects.create(
            token_meter=locked,
            kind=Code.Kind.KEY,
            digits=digits,
            at=at,
            by=by,
            detail=f"{number} of {len(codes_of_keys)}, to group {group.code} revision {group.revision}",
        )
        for number, digits in enumerate(codes_of_keys, 1)
    ]
    rolls = old.base != new.base if rollover is None else rollover
    TokenMeter.objects.filter(pk=locked.pk).update(
        group=group, tariff_index=tariff_index, last_tid=-1 if rolls else locked.last_tid
    )
    return codes
