"""The form that asks for the set-up code, as HTML."""

from __future__ import annotations

from ..html import Html, element
from ..page_parts import form
from ..texts import _
from .pieces import field


def code_form() -> Html:
    """Return the form that asks who may set meters up."""
    return element(
        "section",
        element("h2", _("Set up meters")),
        form(
            "/setup/login",
            field(_("Set-up code"), name="code", inputmode="numeric", autocomplete="off", required=True),
            element("button", _("Open")),
        ),
        element(
            "p",
            _("At the gateway, the command prewatt edge scan --code prints this code. It is valid for a day."),
            class_="quiet",
        ),
    )
