"""Places as the table shows them. All of a row is worked out here: a page has a hundred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from ....kernel.calendar import zone
from ....kernel.forecast import FARTHEST, days_until
from ....kernel.switching import SwitchProgress
from ...core.local_forms import money
from ...estate.models import Property
from ...metering.models import Meter
from ...overview.models import Place
from ...web.templatetags.quantities import day_of, when
from .words import state_in_words, tone, why_in_words


@dataclass(frozen=True)
class Row:
    """A place as the table shows it, in words. `page`: the address of the unit's page. `comes_and_goes`: until when the
    tenant stays, and who comes next. `more`: there is more to say of the power: `why` it is off, what hinders the
    switch, an alarm, or that it is the last known state. `days`: how many days the credit lasts; empty if that is not
    known. `lost`: since when nothing is heard of the meter.
    """

    name: str
    page: str
    property: str
    tenant: str
    comes_and_goes: str
    tone: str
    words: str
    more: bool
    why: str
    switching: str
    has_alarm: bool
    is_last_known: bool
    balance: str
    is_owing: bool
    waiting: str
    days: str
    read: str
    lost: str


def rows_of(places: Iterable[Place], properties: Mapping[int, Property], with_money: set[int], at: int) -> list[Row]:
    """Return places as rows. `with_money`: the properties at which whoever looks sees money."""
    return [_row(place, properties[place.property_id], place.property_id in with_money, at) for place in places]


@dataclass(frozen=True)
class _Credit:
    """What a row shows of money; nothing where nothing may be shown."""

    balance: str = ""
    is_owing: bool = False
    waiting: str = ""


def _row(place: Place, property_: Property, sees_money: bool, at: int) -> Row:
    zone_info, colour, why, switching = zone(property_.zone), tone(place), why_in_words(place), _switching(place)
    words = state_in_words(place)
    shows_alarm = place.has_alarm and colour != "doubtful"
    is_last_known = place.is_silent and colour != "silent"
    credit = _credit(place, property_) if sees_money else _Credit()
    return Row(
        name=place.name,
        page=reverse("console:units:unit", args=[place.unit_id]) if place.unit_id else "",
        property=property_.name,
        tenant=_tenant(place),
        comes_and_goes=_comes_and_goes(place, zone_info),
        tone=colour,
        words=words,
        more=bool(why or switching or shows_alarm or is_last_known),
        why="" if why == words else why,
        switching=switching,
        has_alarm=shows_alarm,
        is_last_known=is_last_known,
        balance=credit.balance,
        is_owing=credit.is_owing,
        waiting=credit.waiting,
        days=_days(place, at),
        read="" if place.read_at is None else when(place.read_at, zone_info),
        lost=_lost(place, zone_info),
    )


def _tenant(place: Place) -> str:
    if place.tenancy is not None:
        return str(place.tenancy.tenant)
    if place.unit_id is None:
        return str(Meter.Role(place.role).label)
    return "" if place.coming is not None else "–"


def _comes_and_goes(place: Place, zone_info: ZoneInfo) -> str:
    said = []
    if place.tenancy is not None and place.tenancy.ends is not None:
        said.append(_("until %(ends)s") % {"ends": day_of(place.tenancy.ends, zone_info)})
    if place.coming is not None:
        words = {"tenant": place.coming.tenant, "begins": day_of(place.coming.begins, zone_info)}
        said.append(_("%(tenant)s moves in on %(begins)s") % words)
    return ", ".join(said)


def _credit(place: Place, property_: Property) -> _Credit:
    if place.balance is None or place.unit_id is None:
        return _Credit()
    return _Credit(
        balance=money(place.balance, property_.currency),
        is_owing=place.balance < 0 and place.tenancy_id is not None,
        waiting=_waiting(place, property_) if place.waiting else "",
    )


def _waiting(place: Place, property_: Property) -> str:
    return _("+%(waiting)s on its way") % {"waiting": money(place.waiting, property_.currency)}


def _days(place: Place, at: int) -> str:
    if place.lasts_until is None or place.why:
        return ""
    days = days_until(place.lasts_until, at)
    return f"{days}+" if days >= FARTHEST else str(days)


def _lost(place: Place, zone_info: ZoneInfo) -> str:
    if not place.is_silent:
        return ""
    gateway = place.meter.gateway if place.meter is not None else None
    if gateway is None or gateway.is_online or gateway.since is None:
        return _("silent")
    return _("offline since %(since)s") % {"since": when(gateway.since, zone_info)}


def _switching(place: Place) -> str:
    if place.switching == SwitchProgress.FAILED and place.why != "stuck":
        return _("the switch does not obey")
    is_on_its_way = place.switching in (SwitchProgress.ASKED, SwitchProgress.CONFIRMED)
    return _("told to switch on") if is_on_its_way and not place.why else ""
