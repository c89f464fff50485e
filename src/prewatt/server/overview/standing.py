"""How one place stands, worked out from its meter, its account and who lives there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ...kernel.account import Account
from ...kernel.calendar import zone
from ...kernel.off_hours import OFF_HOURS
from ...kernel.state import EXHAUSTED
from ...kernel.switching import SwitchProgress
from ..estate.models import Property, Tenancy
from ..metering.accounts import account_of
from ..metering.models import Meter
from ..metering.outlook import fewer_days_from, lasts_until
from ..metering.seen import LIMIT, Seen, is_low, seen, why_off
from .models import Need, Place

SOON_DAYS = 3
"""The credit runs out soon if it lasts for fewer days than this."""
STUCK = (SwitchProgress.FAILED, SwitchProgress.WAITS_FOR_BUTTON)
UNUSABLE = frozenset({"keypad", "no-meter"})
"""Why nothing is known of a unit: only the display of its meter shows it, or it has no meter."""


@dataclass(frozen=True)
class Facts:
    """What is known of a place beside its meter: who lives there, what is paid and on its way (nano), whether its meter is
    silent, whether an alarm is open, and what its last local days cost (nano).
    """

    tenancy: Tenancy | None
    waiting: int
    is_silent: bool
    has_alarm: bool
    cost: Mapping[date, int]


def stand(place: Place, meter: Meter, property_: Property, facts: Facts, at: int) -> None:
    """Write into a place how it stands at an instant."""
    account, latest = account_of(meter), seen(meter)
    place.balance, place.read_at = latest.balance, meter.read_at
    place.waiting, place.is_silent, place.has_alarm = facts.waiting, facts.is_silent, facts.has_alarm
    is_off = latest.closed is False or (latest.closed is True and latest.switching in STUCK)
    place.why = _why(account, latest, at) if is_off else ""
    place.switching = latest.switching.value if latest.switching is not None else ""
    place.lasts_until = _lasts(meter, property_, account, latest, facts)
    bounded = facts.tenancy is not None and not is_off
    place.soon_at = fewer_days_from(place.lasts_until, SOON_DAYS) if bounded and place.lasts_until is not None else None
    is_soon = bounded and _is_soon(place, meter, property_, account, at)
    place.state = _state(place, latest, is_off and place.why != OFF_HOURS, is_soon)
    place.need = _need(place, account, facts)


def stand_without_meter(place: Place, is_keypad: bool) -> None:
    """Write into the place of a unit that nothing is known of its meter (`is_keypad`: a keypad meter), or that it has
    none.
    """
    place.balance = place.read_at = place.lasts_until = place.soon_at = place.off_since = None
    place.waiting, place.is_silent, place.has_alarm = 0, False, False
    place.switching = ""
    place.why = "keypad" if is_keypad else "no-meter"
    place.state, place.need = Place.State.UNKNOWN, Need.NO_METER


def _why(account: Account, latest: Seen, at: int) -> str:
    if latest.closed:
        return "button" if latest.switching == SwitchProgress.WAITS_FOR_BUTTON else "stuck"
    return why_off(account, at)[:24]


def _lasts(meter: Meter, property_: Property, account: Account, latest: Seen, facts: Facts) -> int | None:
    if meter.read_at is None or facts.tenancy is None or not account.settings.credit_limit_cuts:
        return None
    room = account.room(latest.balance)
    return lasts_until(meter.read_at, facts.tenancy.begins, zone(property_.zone), room, facts.cost)


def _is_soon(place: Place, meter: Meter, property_: Property, account: Account, at: int) -> bool:
    if place.soon_at is not None:
        return place.soon_at <= at
    # Too little is known of the use to say how long it lasts: then the landlord's own reminder counts.
    return meter.read_at is not None and is_low(meter, property_, account, at)


def _state(place: Place, latest: Seen, is_off: bool, is_soon: bool) -> Place.State:
    if place.role != Meter.Role.UNIT:
        is_off = is_soon = False
    if is_off:
        return Place.State.OFF
    if is_soon:
        return Place.State.SOON
    if place.is_silent:
        return Place.State.SILENT
    if place.has_alarm:
        return Place.State.DOUBTFUL
    known = latest.closed is not None or (place.role != Meter.Role.UNIT and place.read_at is not None)
    return Place.State.OK if known else Place.State.UNKNOWN


def _need(place: Place, account: Account, facts: Facts) -> Need:
    if place.state == Place.State.OFF and facts.tenancy is not None:
        # Who has paid and has no power is the first: the payment did not arrive, or something else keeps it off.
        has_paid = facts.waiting > 0 or (place.why not in (EXHAUSTED, LIMIT) and account.room(place.balance or 0) > 0)
        return Need.PAID_AND_OFF if has_paid else Need.OFF
    urgent = {
        Place.State.SOON: Need.SOON,
        Place.State.SILENT: Need.SILENT,
        Place.State.DOUBTFUL: Need.DOUBTFUL,
    }
    if place.state in urgent:
        return urgent[Place.State(place.state)]
    if place.role == Meter.Role.UNIT and facts.tenancy is None:
        return Need.VACANT
    return Need.OK if place.state == Place.State.OK else Need.UNKNOWN
