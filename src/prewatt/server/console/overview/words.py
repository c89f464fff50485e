"""Why a place is off, in a few words for a line or a tile."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ....kernel.dark_facts import Cause
from ....kernel.dark_words import in_brief
from ....kernel.off_hours import OFF_HOURS
from ....kernel.state import EXHAUSTED
from ...core.sentences import say
from ...metering.models import Meter
from ...metering.seen import LIMIT
from ...overview.models import Need, Place

_SWITCH = {
    "button": gettext_lazy("somebody must press the button at the meter"),
    "stuck": gettext_lazy("the switch does not obey"),
}
_NO_METER = ("keypad", "no-meter")


def why_in_words(place: Place) -> str:
    """Return why a place is off; empty if it is not. Where nobody lives, no credit was used up: there is none."""
    why = place.why
    if why in (EXHAUSTED, LIMIT) and place.tenancy_id is None:
        why = Cause.VACANT
    if why in _SWITCH:
        return str(_SWITCH[why])
    return say(in_brief(why)) if why and why not in _NO_METER else ""


def state_in_words(place: Place) -> str:
    """Return how a place stands, in one or two words."""
    if place.need == Need.NO_METER:
        return _("keypad meter") if place.why == "keypad" else _("no meter")
    if place.why == OFF_HOURS:
        return _("off hours")
    if place.role != Meter.Role.UNIT and place.state == Place.State.OK:
        return _("measuring")
    if place.state == Place.State.OFF and place.tenancy_id is None:
        return _("off, vacant")
    return str(place.get_state_display())


def tone(place: Place) -> str:
    """Return the class of the style sheet for how a place stands. Where nobody lives, it is no trouble that the power
    is off.
    """
    return "vacant" if place.state == Place.State.OFF and place.tenancy_id is None else str(place.state)
