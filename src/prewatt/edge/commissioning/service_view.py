"""The part of the setting-up page by which meters are put into service."""

from __future__ import annotations

from ..html import Html, element, together
from ..page_parts import form
from ..texts import _
from . import rules
from .survey import Survey


def into_service(survey: Survey, mark: Html, enrolled: bool) -> Html:
    """Return the form by which meters are put into service. `mark`: that of the session."""
    if not enrolled:
        return element(
            "section",
            element("p", rules.not_enrolled()),
        )
    fresh = [each.serial for each in rules.fresh(survey)]
    return element(
        "section",
        element("h2", _("Into service")),
        together(
            element("p", _("Ready: %(meters)s.") % {"meters": ", ".join(fresh)}),
            element("p", _("The gateway restarts for this. Switches stay as they are."), class_="quiet"),
            form("/setup/service", mark, element("button", _("Put into service"))),
        )
        if fresh
        else element("p", rules.none_ready(), class_="quiet"),
        form("/setup/server", mark, element("button", _("Ask the server for its flats"), class_="plain")),
        element(
            "p",
            _(
                "If the server knows no meter at a flat, it is told of the new one. The manager confirms the meter "
                "under Alarms."
            ),
            class_="quiet",
        ),
    )
