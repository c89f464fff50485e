"""The state of emergency codes: which of them can still be used."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.time import now
from ..estate.models import Property
from .models import Command, EmergencyCode


@dataclass(frozen=True)
class AtRisk:
    """What is lost at most if all usable codes fall into the wrong hands: their number, their sum (nano), and the
    instant of the last end.
    """

    number: int
    amount: int
    until: int


def at_risk(property_: Property) -> AtRisk:
    """Return what can still be used of a property's codes."""
    rows = [each for each in of_property(property_) if can_be_used(each)]
    return AtRisk(len(rows), sum(each.amount for each in rows), max((each.ends for each in rows), default=0))


def of_property(property_: Property) -> list[EmergencyCode]:
    """Return the codes of a property's meters, the latest first, at most 1000."""
    rows = EmergencyCode.objects.filter(meter__gateway__property=property_)
    return list(rows.select_related("code", "meter__unit", "ended")[:1000])


def can_be_used(each: EmergencyCode) -> bool:
    """Return whether a meter may still take a code, as far as the server knows."""
    return state(each) in ("open", "revoking")


def state(each: EmergencyCode) -> str:
    """Return the state of a code: `used`, `revoked` (the meter knows), `expired`, `revoking` (the meter does not know
    yet) or `open`.
    """
    if each.used_at is not None:
        return "used"
    if each.revoked_at is not None and each.ended is not None and each.ended.state == Command.State.APPLIED:
        return "revoked"
    if each.ends <= now():
        return "expired"
    return "revoking" if each.revoked_at is not None else "open"
