"""Why a place is off, in a few words for a line or a tile."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ....kernel.off_hours import OFF_HOURS
from ....kernel.safety import KINDS
from ....kernel.state import EXHAUSTED, FOREIGN
from ....kernel.supply import LOCKS
from ...metering.models import Meter
from ...metering.seen import LIMIT
from ...overview.models import Need, Place

_WHY = {
    EXHAUSTED: gettext_lazy("the credit is used up"),
    LIMIT: gettext_lazy("the limit of what may be owed is reached"),
    "ordered": gettext_lazy("switched off by the manager"),
    FOREIGN: gettext_lazy("another meter answers in its place"),
    "overload": gettext_lazy("too much power was drawn"),
    OFF_HOURS: gettext_lazy("off hours"),
    "button": gettext_lazy("somebody must press the button at the meter"),
    "stuck": gettext_lazy("the switch does not obey"),
}


def why_in_words(place: Place) -> str:
    """Return why a place is off; empty if it is not."""
    why = place.why
    if why in LOCKS:
        return _(LOCKS[why])
    if why in KINDS:
        return _(KINDS[why].words)
    return str(_WHY.get(why, ""))


def state_in_words(place: Place) -> str:
    """Return how a place stands, in one or two words."""
    if place.need == Need.NO_METER:
        return _("keypad meter") if place.why == "keypad" else _("no meter")
    if place.why == OFF_HOURS:
        return _("off hours")
    if place.role != Meter.Role.UNIT and place.state == Place.State.OK:
        return _("counts")
    if place.state == Place.State.OFF and place.tenancy_id is None:
        return _("off, vacant")
    return str(place.get_state_display())


def tone(place: Place) -> str:
    """Return the class of the style sheet for how a place stands. Where nobody lives, it is nobody's worry that it is off."""
    return "vacant" if place.state == Place.State.OFF and place.tenancy_id is None else str(place.state)
