"""The page on which meters are set up, as HTML. What was found comes in, HTML goes out."""

from __future__ import annotations

from collections.abc import Sequence

from ..html import Html, element, together
from ..page_parts import form
from ..texts import _
from . import rules
from .address_view import one_address
from .bus_view import buses_section
from .caller_view import unknown_callers
from .calling import Caller
from .finding import Adapter
from .meter_list import bus_of_meters
from .pieces import busy, hidden_token
from .service_view import into_service
from .survey import Survey


def starts_anew(words: str) -> Html:
    """Return what is shown while the gateway starts again. `words`: what was done."""
    return element(
        "section",
        element("p", words, class_="good"),
        element("p", _("The gateway restarts. This page comes back by itself within half a minute.")),
        element("p", element("a", _("All meters"), href="/setup")),
        element("script", "", src="/setup/again.js"),
    )


def overview(
    survey: Survey, buses: Sequence[Adapter], callers: Sequence[Caller], doing: str, token: str, enrolled: bool
) -> Html:
    """Return the page of the whole gateway."""
    mark = hidden_token(token)
    return together(
        busy(doing) if doing else None,
        _missing(survey),
        buses_section(survey, buses, mark, bool(doing)),
        unknown_callers(callers, mark) if callers and not doing else None,
        *(bus_of_meters(survey, port, meters) for port, meters in rules.by_port(survey.meters).items()),
        None if doing else into_service(survey, mark, enrolled),
        one_address(buses, mark),
        element(
            "section",
            element("p", element("a", _("Labels for the flats, to be printed"), href="/setup/labels")),
            element("p", element("a", _("The building's page"), href="/")),
            form("/setup/logout", mark, element("button", _("Log out"), class_="link")),
        ),
    )


def _missing(survey: Survey) -> Html | None:
    lines = rules.missing(survey)
    if not survey.meters and not survey.flats:
        return None
    if not lines:
        return element("section", element("p", _("Nothing is missing."), class_="good"))
    return element(
        "section", element("h2", _("What is missing")), element("ul", *(element("li", line) for line in lines))
    )
