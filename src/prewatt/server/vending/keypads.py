"""Flats whose meter is a keypad meter without communication: which they are, and their lock.

Such a flat has an account if its meter counts kWh and no meter of a gateway measures there.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..metering.locking import for_update
from ..metering.models import Meter
from .models import KeypadEntry, TokenMeter

TENTH = 100
"""Wh: codes of energy count tenths of a kWh."""


def keypad_of(unit: int) -> TokenMeter | None:
    """Return the keypad meter that has the account of a flat (`unit`: its primary key); None if the flat has none."""
    if Meter.objects.filter(unit=unit).exists():
        return None
    return TokenMeter.objects.filter(unit=unit, meter__isnull=True, counts_money=False).select_related("group").first()


def account_meter_of(tenancy: Tenancy) -> TokenMeter | None:
    """Return the keypad meter of a tenancy's account: the flat's, or, if none hangs there any more, the one of the last
    entry. None if the tenancy never had one.
    """
    token_meter = keypad_of(tenancy.unit_id)
    if token_meter is not None:
        return token_meter
    last = KeypadEntry.objects.filter(tenancy=tenancy).select_related("token_meter__group").order_by("number").last()
    return None if last is None else last.token_meter


def lock_keypads(units: Iterable[int]) -> None:
    """Lock the keypad meters of flats, after the meters of gateways: nothing is booked or sold for them meanwhile. The
    caller holds the transaction.
    """
    rows = TokenMeter.objects.filter(unit__in=list(units), meter__isnull=True)
    list(for_update(rows).order_by("pk"))


def moved_out(organisation: Organisation) -> QuerySet[Tenancy]:
    """Return the tenancies that have ended and wait for a reading of their keypad meter, to be settled."""
    keypads = TokenMeter.objects.filter(organisation=organisation, meter__isnull=True, counts_money=False)
    own = Tenancy.objects.filter(unit__in=keypads.values("unit"), unit__meter__isnull=True)
    return own.filter(ends__lte=now(), settled_at__isnull=True).select_related("unit__property").order_by("ends")


def tenant_at(token_meter: TokenMeter) -> Tenancy | None:
    """Return who lives now at the flat of a keypad meter that has an account; None if nobody does."""
    if token_meter.unit_id is None or keypad_of(token_meter.unit_id) != token_meter:
        return None
    rows = Tenancy.objects.living(now()).filter(unit=token_meter.unit_id)
    return rows.select_related("unit__property__organisation").first()
