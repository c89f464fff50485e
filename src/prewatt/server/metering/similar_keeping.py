"""What similar flats use, worked out once a day for each property, and kept: a page reads one row."""

from __future__ import annotations

from datetime import date

from ...kernel.calendar import local_day, zone
from ...kernel.span import Span
from ..estate.models import Property, Tenancy
from .models import Meter
from .similar import LEAST, Flat, groups, span_of
from .usage import use_by_day
from .usage_models import SimilarUse
from .whole_days import whole_days


def keep_similar_use(at: int) -> list[Property]:
    """For each property that wants it, work out what similar flats use, unless that is done for the day of `at`. The
    row of a property that does not want it is deleted. Returns the properties for which it was worked out.
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
