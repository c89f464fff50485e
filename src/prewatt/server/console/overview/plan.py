"""The plan of a building: a tile for each unit, by floor, the highest on top."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ....kernel.calendar import zone
from ....kernel.forecast import FARTHEST, days_until
from ...estate.floors import floor_of
from ...estate.models import Property, Unit
from ...metering.models import Meter
from ...overview.models import Place
from .listing import with_names
from .words import state_in_words, tone


@dataclass(frozen=True)
class Tile:
    """A unit on the plan: its name, how it stands, as a class of the style sheet and in words, and what more there is to say."""

    unit: int
    name: str
    tone: str
    words: str
    more: str


@dataclass(frozen=True)
class Floor:
    """The units of a floor, in the order of their names. `number`: None for those of which nobody knows the floor."""

    number: int | None
    tiles: list[Tile]


@dataclass(frozen=True)
class Plan:
    """The floors of a property, the highest first, and its clock."""

    floors: list[Floor]
    zone: ZoneInfo


def plan_of(property_: Property, at: int) -> Plan:
    """Return the plan of a property as it stands at an instant."""
    rows = with_names(Place.objects.in_use().filter(property=property_, role=Meter.Role.UNIT)).order_by("sort")
    typed = dict(Unit.objects.filter(property=property_, floor__isnull=False).values_list("pk", "floor"))
    floors: dict[int | None, list[Tile]] = defaultdict(list)
    for place in rows:
        tile = Tile(place.unit_id or 0, place.name, tone(place), state_in_words(place), _more(place, at))
        floors[floor_of(place.name, typed.get(place.unit_id or 0))].append(tile)
    highest_first = sorted((each for each in floors if each is not None), reverse=True)
    unknown = [None] if None in floors else []
    return Plan([Floor(each, floors[each]) for each in (*highest_first, *unknown)], zone(property_.zone))


def _more(place: Place, at: int) -> str:
    """Return how long the credit of a place lasts, if that is known."""
    if place.lasts_until is None or place.why:
        return ""
    days = days_until(place.lasts_until, at)
    if days >= FARTHEST:
        return _("over %(days)d days") % {"days": FARTHEST}
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
