"""The choice of a meter's model, as HTML."""

from __future__ import annotations

from ..html import Html, element
from ..page_parts import form
from ..texts import _
from .facts import values
from .pieces import select
from .survey import FoundMeter


def model_form(meter: FoundMeter, mark: Html) -> Html | None:
    """Return the choice of a meter's model; None where there is none. `mark`: that of the session, with the meter."""
    if not meter.looks or meter.in_service:
        return None
    options = [
        (each.model, f"{each.model} · {' · '.join(values(each)[:1])}") for each in meter.looks if not each.refusal
    ]
    chosen = meter.look.model if meter.look else ""
    refused = [element("li", f"{each.model}: {each.refusal}") for each in meter.looks if each.refusal]
    return element(
        "section",
        element("h2", _("Its model")),
        form(
            "/setup/model",
            mark,
            select(_("As printed on the meter"), "model", options, chosen),
            element("button", _("Choose"), class_="plain"),
        )
        if options
        else None,
        element("details", element("summary", _("Models that do not fit")), element("ul", *refused))
        if refused
        else None,
    )
