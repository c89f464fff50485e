"""Places as the table shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ....kernel.calendar import zone
from ....kernel.switching import SwitchProgress
from ...estate.models import Property
from ...metering.forecast import FARTHEST
from ...metering.outlook import days_until
from ...overview.models import Place
from .words import state_in_words, tone, why_in_words


@dataclass(frozen=True)
class Row:
    """A place as the table shows it. `days`: how many days the credit lasts; empty if that is not known. `switching`:
    what hinders the switch, in words.
    """

    place: Place
    property: Property
    zone: ZoneInfo
    tone: str
    words: str
    why: str
    days: str
    switching: str
    sees_money: bool


def rows_of(places: Iterable[Place], properties: Mapping[int, Property], with_money: set[int], at: int) -> list[Row]:
    """Return places as rows. `with_money`: the properties at which whoever looks sees money."""
    return [_row(place, properties[place.property_id], place.property_id in with_money, at) for place in places]


def _row(place: Place, property_: Property, sees_money: bool, at: int) -> Row:
    return Row(
        place,
        property_,
        zone(property_.zone),
        tone(place),
        state_in_words(place),
        why_in_words(place),
        _days(place, at),
        _switching(place),
        sees_money,
    )


def _days(place: Place, at: int) -> str:
    if place.lasts_until is None or place.why:
        return ""
    days = days_until(place.lasts_until, at)
    return f"{days}+" if days >= FARTHEST else str(days)


def _switching(place: Place) -> str:
    if place.switching == SwitchProgress.FAILED and place.why != "stuck":
        return _("the switch does not obey")
    is_on_its_way = place.switching in (SwitchProgress.ASKED, SwitchProgress.CONFIRMED)
    return _("told to switch on") if is_on_its_way and not place.why else ""
