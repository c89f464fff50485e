"""What similar flats use, worked out once a day for each property, and kept: a page reads one row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.span import Span
from ...kernel.units import HOUR
from ..estate.models import Property, Tenancy
from .models import Meter
from .similar import LEAST, Beside, Flat, Group, beside, groups, span_of
from .usage import Use, use_by_day
from .usage_models import SimilarUse

SLACK = 2 * HOUR
"""How far from the bounds of a day its first and its last reading may lie, so that all of the day is known, µs."""
STALE = 2
"""For how many days what is kept is shown if it is not worked out anew."""


def whole_days(
    uses: Mapping[date, Use], held: Iterable[Tenancy], first: date, last: date, zone_name: str
) -> dict[date, int]:
    """Return what was used (Wh) on those local days from `first` to `last` of which all is known, and which lie in one of
    some tenancies from begin to end.
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


def keep_similar_use(at: int) -> list[Property]:
    """Work out, at the instant `at`, what similar flats use in each property where that is not done for this day, and forget
    it where the landlord does not want it. Returns the properties that were worked out.
    """
    SimilarUse.objects.exclude(property__in=Property.objects.in_use().filter(compares_flats=True)).delete()
    kept = dict(SimilarUse.objects.values_list("property", "last_day"))
    properties = []
    for property_ in Property.objects.in_use().filter(compares_flats=True):
        first, last = span_of(local_day(at, zone(property_.zone)))
        if kept.get(property_.pk) == last:
            continue
        rows = groups(_flats(property_, first, last), (last - first).days + 1)
        values = {"first_day": first, "last_day": last, "groups": [[list(each.flats), each.energy] for each in rows]}
        SimilarUse.objects.update_or_create(property=property_, defaults=values)
        properties.append(property_)
    return properties


def _flats(property_: Property, first: date, last: date) -> list[Flat]:
    """Return the flats of a property with what is known of them; none if there are too few in any case."""
    rows = Meter.objects.filter(unit__property=property_, unit__archived_at=None)
    meters = list(rows.select_related("unit", "gateway__property"))
    if len(meters) < LEAST:
        return []
    span = Span.of_days(first, last, zone(property_.zone))
    lived: dict[int, list[Tenancy]] = {}
    for tenancy in Tenancy.objects.within(span.begins, span.ends).filter(unit__property=property_):
        lived.setdefault(tenancy.unit_id, []).append(tenancy)
    flats = []
    for meter in meters:
        unit = meter.unit
        assert unit is not None
        if held := lived.get(unit.pk):
            uses = use_by_day(meter, first, last)
            flats.append(Flat(unit.pk, int(unit.area), whole_days(uses, held, first, last, property_.zone)))
    return flats


class Compared(NamedTuple):
    """A tenancy's use beside that of similar flats, in some of the local days from `first` to `last`."""

    use: Beside
    first: date
    last: date


def similar_to(tenancy: Tenancy, uses: Mapping[date, Use], at: int) -> Compared | None:
    """Return a tenancy's use beside that of similar flats, as it is kept at the instant `at`; None if nothing is kept that can
    be compared. `uses`: the tenancy's own use by day, of this month and the month before.
    """
    place = tenancy.unit.property.zone
    if not tenancy.unit.property.compares_flats:
        return None
    row = SimilarUse.objects.filter(property=tenancy.unit.property_id).first()
    # Of the night on the worker may be behind, but not of weeks.
    if row is None or row.last_day < span_of(local_day(at, zone(place)) - timedelta(days=STALE))[1]:
        return None
    own = next((Group(tuple(flats), energy) for flats, energy in row.groups if tenancy.unit_id in flats), None)
    if own is None:
        return None
    days = whole_days(uses, [tenancy], row.first_day, row.last_day, place)
    compared = beside(days, own, (row.last_day - row.first_day).days + 1)
    return None if compared is None else Compared(compared, row.first_day, row.last_day)
