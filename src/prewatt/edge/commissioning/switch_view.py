"""The steps of the test of a meter's switch, as HTML."""

from __future__ import annotations

from ..html import Html, element
from ..page_parts import form, hidden
from ..texts import _
from .survey import FoundMeter


def test_form(meter: FoundMeter, mark: Html) -> Html | None:
    """Return the next step of the test of a switch; None where there is none. `mark`: that of the session, with the meter."""
    seen = meter.look
    if seen is None or meter.in_service:
        return None
    title = element("h2", _("3. Its switch"))
    if not seen.can_switch:
        return element(
            "section", title, element("p", _("According to its model, this meter has no switch."), class_="quiet")
        )
    if meter.test == "off":
        return element(
            "section",
            title,
            element("p", _("The switch is open. Has the load in the flat stopped?")),
            _answers("/setup/stopped", mark, _("It has stopped"), _("It still runs")),
            element("p", _("The switch closes again by itself after three minutes."), class_="quiet"),
        )
    if meter.test == "stopped":
        return element(
            "section",
            title,
            element("p", _("The switch is closed again. Does the load run?")),
            _answers("/setup/runs", mark, _("It runs"), _("It does not run")),
        )
    words = {"passed": _("Tested."), "failed": _("The test has failed. Test it again.")}.get(meter.test)
    return element(
        "section",
        title,
        element("p", words, class_="good" if meter.test == "passed" else "wrong") if words else None,
        element("p", _("Switch on a load in the flat, such as a lamp or a kettle. Then:"), class_="quiet"),
        form("/setup/off", mark, element("button", _("Switch off for a test"), class_="plain")),
    )


def _answers(action: str, mark: Html, yes: str, no: str) -> Html:
    return element(
        "div",
        form(action, mark, hidden("is_so", "1"), element("button", yes)),
        form(action, mark, element("button", no, class_="plain")),
        class_="two",
    )
