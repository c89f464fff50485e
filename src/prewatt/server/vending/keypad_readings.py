"""Readings of meters that do not speak to prewatt: a person reads the display, or a photo of it, and types the number.

Between two readings nobody knows what such a meter shows. What is known is what was sold, and what was used up to the last
reading.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet, Sum

from ..estate.models import Organisation
from .keypad_models import KeypadReading
from .keypads import TENTH
from .models import Code, TokenMeter


def most_left(token_meter: TokenMeter) -> int | None:
    """Return the most energy (Wh) that the tenant can still use by the last reading, on the meter and by codes that were
    not typed in yet; None if what was left was never typed.
    """
    most, known_at, before = None, None, None
    for each in readings(token_meter):
        if most is not None and before is not None:
            used = None if each.doubt else each.register - before.register
            most = None if used is None else max(most + sold(token_meter, before.at, each.at) - used, 0)
        if most is None and each.left is not None:
            # Codes of before may be typed in later.
            most = each.left + sold(token_meter, known_at, each.at)
        if most is not None:
            known_at = each.at
        before = each
    return most


def in_doubt(organisation: Organisation) -> QuerySet[KeypadReading]:
    """Return the readings that are questions to the manager: the last of their meters, and in doubt."""
    later = KeypadReading.objects.filter(
        token_meter=OuterRef("token_meter"), withdrawn_by="", at__gt=OuterRef("at"), doubt=""
    )
    rows = KeypadReading.objects.filter(~Exists(later), token_meter__organisation=organisation, withdrawn_by="")
    return rows.exclude(doubt="").select_related("token_meter__unit")


def readings(token_meter: TokenMeter) -> QuerySet[KeypadReading]:
    """Return the readings of a meter that count, in their order."""
    return KeypadReading.objects.filter(token_meter=token_meter, withdrawn_by="").order_by("at")


def sold(token_meter: TokenMeter, after: int | None = None, until: int | None = None) -> int:
    """Return the energy (Wh) of the codes that were made for a meter, after one instant (µs) and until another. A code
    that was given back counts too: nobody can stop the meter from taking it.
    """
    codes = Code.objects.filter(token_meter=token_meter, kind=Code.Kind.UNITS)
    if after is not None:
        codes = codes.filter(at__gt=after)
    if until is not None:
        codes = codes.filter(at__lte=until)
    return (codes.aggregate(tenths=Sum("amount"))["tenths"] or 0) * TENTH
