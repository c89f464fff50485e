"""The days of which it is known what a flat used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from ...kernel.calendar import day_bounds, zone
from ...kernel.span import Span
from ...kernel.units import HOUR
from ..estate.models import Tenancy
from .uses import Use

SLACK = 2 * HOUR
"""How far from the bounds of a day its first and its last reading may lie, so that all of the day is known, µs."""


def whole_days(
    uses: Mapping[date, Use], held: Iterable[Tenancy], first: date, last: date, zone_name: str
) -> dict[date, int]:
    """Return what was used (Wh) by local day, for the days from `first` to `last` of which all is known and which lie
    wholly in one of the tenancies.
    """
    place, tenancies = zone(zone_name), list(held)
    days = {}
    for day, use in uses.items():
        bounds = Span(*day_bounds(day, place))
        is_lived_in = any(
            each.begins <= bounds.begins and (each.ends is None or each.ends >= bounds.ends) for each in tenancies
        )
        if first <= day <= last and is_lived_in and _is_known(use, bounds):
            days[day] = use.energy
    return days


def _is_known(use: Use, day: Span) -> bool:
    if use.begins is None or use.reckoned:
        return False
    return use.begins >= day.begins - SLACK and use.ends >= day.ends - SLACK
