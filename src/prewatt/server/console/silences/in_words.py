"""A silence as the manager reads it: who is silent, for how long, and what to do."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ....kernel.units import DAY, HOUR, MINUTE
from ...core.sentences import in_words
from ...metering.models import Silence


def headline(silence: Silence) -> str:
    """Return who is or was silent: a meter or a whole gateway."""
    if silence.line:
        text = _("Line %(line)s is silent") if silence.back_at is None else _("Line %(line)s was silent")
        return text % {"line": silence.line}
    name = (silence.meter.unit.name if silence.meter.unit else silence.meter) if silence.meter else silence.gateway.name
    if silence.meter:
        text = _("%(name)s: the meter is silent") if silence.back_at is None else _("%(name)s: the meter was silent")
    else:
        text = _("Gateway %(name)s is silent") if silence.back_at is None else _("Gateway %(name)s was silent")
    return text % {"name": name}


def duration(silence: Silence, now: int) -> str:
    """Return how long it lasted, or has lasted until now, in the largest unit of which there are at least two."""
    time = max((silence.back_at or now) - silence.began_at, MINUTE)
    if time >= 2 * DAY:
        return _("%(number)d days") % {"number": time // DAY}
    if time >= 2 * HOUR:
        return _("%(number)d hours") % {"number": time // HOUR}
    number = time // MINUTE
    return ngettext("%(number)d minute", "%(number)d minutes", number) % {"number": number}


def advice(silence: Silence, went_on: bool) -> str:
    """Return what to do while a silence lasts. When it is over, return what it was; empty if that is not known.
    `went_on`: the gateway read its meters all the time.
    """
    if silence.back_at is not None:
        went = _("Only the network had failed. The gateway went on reading the meters and cutting off.")
        return went if went_on else ""
    if silence.line:
        text = _(
            "%(why)s The power of each flat stays as it is. Nobody is cut off. What is used until the line is back is "
            "charged then."
        )
        return text % {"why": in_words(silence.why_parts, silence.why)}
    if silence.meter:
        text = _(
            "The meter does not answer gateway %(gateway)s. The power stays as it is. Check the meter and its wires. "
            "Exchange the meter if it is broken."
        )
        return text % {"gateway": silence.gateway.name}
    if silence.gateway.since is None:
        return _(
            "The gateway has not enrolled, or has never connected. Until it does, nothing is counted or cut off. Check "
            "that it has power and network. Then enrol it with its code."
        )
    return _(
        "If only the network has failed, the gateway still cuts off by itself and nothing is lost. If the gateway has "
        "failed, the power stays on without end. Check its power, then its network. A new gateway can take over with a "
        "new code."
    )
