"""The form in which a meter's display is compared with what the meter tells."""

from __future__ import annotations

from ..html import Html, element
from ..page_parts import form
from ..texts import _
from .pieces import field
from .survey import FoundMeter


def compare_form(meter: FoundMeter, mark: Html) -> Html:
    """Return the form in which a meter's display is typed. `mark`: that of the session, with the meter."""
    seen = meter.look
    number = None
    if seen is not None and not seen.serial:
        number = form(
            "/setup/face",
            mark,
            field(
                _("Number printed on the meter, which it does not report"), name="face", value=meter.face, required=True
            ),
            element("button", _("Save"), class_="plain"),
        )
    done = (
        element("p", _("Compared at %(typed)s kWh.") % {"typed": meter.compared.typed}, class_="good")
        if meter.compared
        else None
    )
    return element(
        "section",
        element("h2", _("2. Its display")),
        done,
        form(
            "/setup/compare",
            mark,
            field(
                _("kWh on the display, with all digits"),
                name="kwh",
                inputmode="decimal",
                autocomplete="off",
                required=True,
                class_="code",
            ),
            element("button", _("Compare")),
        ),
        number,
    )
