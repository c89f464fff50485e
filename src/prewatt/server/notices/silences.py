"""Tells managers about gateways and meters that are silent: first after the minutes in the property's rules, then each
time that the hours in these rules have passed, and once more when they have been back for a while.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import override

from ...kernel.calendar import zone
from ...kernel.currencies import format_money
from ...kernel.names import natural
from ...kernel.units import DAY, HOUR, MINUTE, rough_kwh
from ..billing.lendings import Lending, lendings
from ..core.sentences import in_words
from ..core.time import now
from ..metering.apart import apart
from ..metering.models import Silence, SilentMeter
from ..vending.silences import step
from .events import Event
from .languages import language_of
from .models import Channel, Notice, Recipient
from .pages import for_office
from .telling import overtake, tell, wall

FLATS = 8
"""The most flats that a notice names. The page names all."""


def key_of(silence: Silence) -> str:
    """Return the beginning of the keys of a silence's notices."""
    return f"silence {silence.pk} "


def notices_of(silence: Silence) -> list[Notice]:
    """Return the notices about a silence, the earliest first."""
    rows = Notice.objects.filter(
        recipient__organisation=silence.gateway.property.organisation_id, key__startswith=key_of(silence)
    )
    return list(rows.select_related("recipient").prefetch_related("deliveries__channel").order_by("made_at", "pk"))


def tell_of_silences() -> None:
    """Tell managers what is due about each silence. An error in one does not stop the others."""
    at = now()
    opened = Silence.objects.filter(over_at=None, back_at=None).select_related("gateway__property", "meter__unit")
    apart("silence-told", opened, lambda each: _tell(each, at), lambda each: each.meter or each.gateway)
    over = Silence.objects.filter(over_at__isnull=False, told__gt=0, is_back_told=False)
    apart(
        "silence-told",
        over.select_related("gateway__property", "meter__unit"),
        _tell_back,
        lambda each: each.meter or each.gateway,
    )


def times_due(silence: Silence, at: int) -> int:
    """Return how many times a silence should have been told by the instant `at`; 0 if it is too short yet."""
    property_, lasted = silence.gateway.property, at - silence.began_at
    if lasted < step(property_, silence.gateway.since is None):
        return 0
    again = int(property_.silence_again) * HOUR
    return 1 + lasted // again if again else 1


def _managers(silence: Silence) -> list[Recipient]:
    """Return the managers who can be reached."""
    rows = Recipient.objects.filter(organisation=silence.gateway.property.organisation_id, tenancy=None)
    reached = Channel.objects.filter(recipient__in=rows, is_enabled=True).values("recipient")
    return list(rows.filter(pk__in=reached).select_related("organisation"))


@transaction.atomic
def _tell(silence: Silence, at: int) -> None:
    due = times_due(silence, at)
    if due <= silence.told:
        return
    Silence.objects.filter(pk=silence.pk).update(told=due)
    costs = lendings(silence, at)
    for recipient in _managers(silence):
        # What waits for the end of the quiet hours is said by the later one.
        overtake(recipient, Event.OFFLINE, key_of(silence))
        tell(
            recipient,
            Event.OFFLINE,
            f"{key_of(silence)}{due}",
            {**_common(silence, at, recipient.language), **_costs(silence, costs)},
        )


@transaction.atomic
def _tell_back(silence: Silence) -> None:
    Silence.objects.filter(pk=silence.pk).update(is_back_told=True)
    for recipient in _managers(silence):
        overtake(recipient, Event.OFFLINE, key_of(silence))
        if not recipient.notices.filter(key__startswith=key_of(silence), is_overtaken=False).exists():
            # Nobody has heard of it.
            continue
        rows = list(
            silence.meters.filter(meter__unit__isnull=False, counted_at__isnull=False).select_related("meter__unit")
        )
        tell(
            recipient,
            Event.BACK,
            f"{key_of(silence)}back",
            {**_common(silence, silence.back_at or now(), recipient.language), **_ran_up(silence, rows)},
        )


def lasted(begin: int, end: int) -> dict[str, int]:
    """Return a time span in the largest unit that fits: one of `days`, `hours`, `minutes`, with its number."""
    time = max(end - begin, MINUTE)
    for name, unit in (("days", DAY), ("hours", HOUR)):
        if time >= 2 * unit:
            return {name: time // unit}
    return {"minutes": time // MINUTE}


def _common(silence: Silence, until: int, language: str) -> dict[str, Any]:
    property_ = silence.gateway.property
    with override(language_of(language).words.locale):
        why = in_words(silence.why_parts, silence.why)
    zone_ = zone(property_.zone)
    return {
        "gateway": silence.gateway.name,
        "meter": str(silence.meter.unit or silence.meter) if silence.meter else "",
        "line": silence.line,
        "why": why if silence.line else "",
        "room": str(silence.meter.unit or silence.meter) if silence.meter else str(property_),
        "property": str(property_),
        "never": silence.gateway.since is None,
        "currency": property_.currency,
        "alone": bool(property_.alone_kwh or property_.alone_days),
        "at": wall(silence.began_at, zone_),
        "until": wall(until, zone_),
        "link": for_office(Event.OFFLINE, property_.organisation, pk=silence.pk),
        "lasted": lasted(silence.began_at, until),
    }


def _drawing(rows: list[Lending]) -> list[Lending]:
    """Return the flats that use something, the one whose credit ends first at the head."""
    drawing = [each for each in rows if each.energy]
    return sorted(drawing, key=lambda each: (each.left, natural(str(each.row.meter.unit))))


def _costs(silence: Silence, rows: list[Lending]) -> dict[str, Any]:
    currency = silence.gateway.property.currency
    known = [each for each in rows if each.energy is not None]
    drawing = _drawing(known)
    energy, charge = sum(each.energy or 0 for each in drawing), sum(each.charge or 0 for each in known)
    return {
        "flats": [_flat(each, currency) for each in drawing[:FLATS]],
        "more": max(len(drawing) - FLATS, 0),
        "unknown": len(rows) - len(known),
        "energy": rough_kwh(energy) if drawing else "",
        "amount": format_money(charge, currency) if drawing else "",
        "lent": _lent(sum(each.lent for each in rows), currency),
    }


def _flat(lending: Lending, currency: str) -> dict[str, Any]:
    return {
        "unit": str(lending.row.meter.unit),
        "energy": rough_kwh(lending.energy or 0),
        "days": lending.days,
        "money": format_money(lending.charge or 0, currency),
        "lent": _lent(lending.lent, currency),
    }


def _lent(nano: int, currency: str) -> str:
    return format_money(nano, currency) if nano else ""


def _ran_up(silence: Silence, rows: list[SilentMeter]) -> dict[str, Any]:
    currency = silence.gateway.property.currency
    short = [each for each in rows if each.stands < 0]
    return {
        "energy": rough_kwh(sum(each.energy for each in rows)),
        "waiting": silence.meters.filter(counted_at=None).count(),
        "amount": format_money(sum(each.charge for each in rows), currency),
        "short": len(short),
        "owed": format_money(sum(-each.stands for each in short), currency) if short else "",
        "went_on": any(each.was_read_meanwhile for each in rows),
    }
