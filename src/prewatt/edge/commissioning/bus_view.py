"""The buses of a gateway, on the page on which meters are set up."""

from __future__ import annotations

from collections.abc import Sequence

from ..html import Html, element, together
from ..page_parts import form, hidden
from ..texts import _
from .finding import Adapter
from .pieces import field
from .survey import Survey


def buses_section(survey: Survey, buses: Sequence[Adapter], mark: Html, busy: bool) -> Html:
    """Return the buses, with the forms that look for meters and add a bus. `mark`: that of the session."""
    notes = {note.port: note.words for note in survey.buses}
    rows = [
        together(
            element("p", each.path, class_="port"),
            *(element("p", words, class_="quiet") for words in (each.words, notes.get(each.path, "")) if words),
        )
        for each in buses
    ]
    none = element("p", _("No adapter is plugged in. Plug one in, or name a converter below."), class_="quiet")
    search = together(
        form("/setup/scan", mark, element("button", _("Look for meters"))),
        element(
            "details",
            element("summary", _("A meter is not found")),
            element(
                "p",
                _(
                    "This also tries other settings of the line, and takes some minutes more. Meters in service are "
                    "not disturbed."
                ),
                class_="quiet",
            ),
            form(
                "/setup/scan",
                mark,
                hidden("thorough", "1"),
                element("button", _("Look thoroughly"), class_="plain"),
            ),
        ),
    )
    add = element(
        "details",
        element("summary", _("Add a converter or an adapter")),
        form(
            "/setup/bus",
            mark,
            field(_("Address, such as 192.0.2.7:8899, or the path of an adapter"), name="port", required=True),
            element("button", _("Add"), class_="plain"),
        ),
    )
    return element("section", element("h2", _("Buses")), *(rows or [none]), search if buses and not busy else None, add)
