"""A tenancy's use beside what is kept of similar flats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from ...kernel.calendar import local_day, zone
from ..estate.models import Tenancy
from .similar import Beside, Group, beside, span_of
from .usage_models import SimilarUse
from .uses import Use
from .whole_days import whole_days

STALE = 2
"""For how many days an old figure is still shown if no new one is worked out."""


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
