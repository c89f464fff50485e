"""The list of the meters that were found, port by port, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from ..html import Html, element
from ..texts import _
from . import rules
from .facts import facts
from .survey import FoundMeter, Survey


def bus_of_meters(survey: Survey, port: str, meters: Sequence[FoundMeter]) -> Html:
    """Return the meters of one port, each with what is to be done with it."""
    return element(
        "section",
        element("p", port, class_="port"),
        *(_row(survey, meter) for meter in meters),
    )


def _row(survey: Survey, meter: FoundMeter) -> Html:
    wrong = rules.problems(survey, meter)
    flat = meter.flat or _("no flat")
    if meter.in_service and not wrong:
        state = element("p", _("%(flat)s · in service") % {"flat": flat}, class_="good")
    elif wrong:
        state = element("p", wrong[0], class_="wrong")
    else:
        state = element("p", f"{flat} · {_done(meter)}", class_="quiet")
    return element(
        "a",
        element("b", meter.serial),
        element("p", facts(meter)),
        state,
        href=f"/setup/meter/{meter.id}",
        class_="meter",
    )


def _done(meter: FoundMeter) -> str:
    done = [_("compared") if meter.compared else _("not compared")]
    if meter.look and meter.look.can_switch:
        done.append(_("switch tested") if meter.test == "passed" else _("switch not tested"))
    return ", ".join(done)
