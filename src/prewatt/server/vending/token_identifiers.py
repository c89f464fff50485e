"""The identifiers of codes: no meter takes one twice."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ...kernel.units import HOUR
from ...tokens import (
    LAST_TID,
    BaseDate,
    NumberError,
    tid_at,
)
from ..core.time import now
from ..metering.locking import for_update
from .models import SupplyGroup, TokenMeter
from .refusals import VendError

AHEAD = HOUR
"""After a copy was restored, the identifiers of codes begin this much (µs) after the present."""


def next_tid(token_meter: TokenMeter) -> int:
    """Return a token identifier that no code of this meter has: of the present minute, or of the next free one.

    The caller holds a lock on the meter's row, or this call's own transaction takes it. Raises VendError if the base
    date of the key has no minutes left.
    """
    locked = for_update(TokenMeter.objects).select_related("group").get(pk=token_meter.pk)
    try:
        tid = max(tid_at(BaseDate(locked.group.base), now()), locked.last_tid + 1)
    except NumberError as error:
        raise VendError(str(error)) from None
    if tid > LAST_TID:
        raise VendError(_("The base date of this meter's key has no minutes left: change its key, with rollover."))
    TokenMeter.objects.filter(pk=locked.pk).update(last_tid=tid)
    return tid


def skip_forgotten() -> None:
    """Keep new codes from identifiers that were given out after a copy was made and are unknown now: the meter would
    refuse a second code with the same identifier. Those were made up to the present, at most one a minute, or some
    minutes ahead if somebody bought several at once; `AHEAD` is later than all of them.
    """
    for group in SupplyGroup.objects.all():
        try:
            tid = tid_at(BaseDate(group.base), now() + AHEAD)
        except NumberError:
            # The base date has no minutes left, so no code is made with this key.
            continue
        TokenMeter.objects.filter(group=group, last_tid__lt=tid).update(last_tid=tid)
