"""A tenant's page at the gateway, as HTML."""

from __future__ import annotations

from .code_form import code_form
from .dark_view import is_dark, what_to_do
from .entries_view import asked, entries
from .html import Html, element, together
from .page_parts import SCRIPT, form, hidden
from .quantities import format_with_code
from .site import View
from .state_view import state
from .texts import _


def home(view: View, token: str, typed: str = "") -> Html:
    """Return a tenant's page. `token` marks its forms as those of this session. `typed`: a code that was refused."""
    mark = hidden("token", token)
    return together(
        element(
            "div",
            element("h1", view.unit),
            form("/logout", mark, element("button", _("Log out"), class_="link")),
            class_="row",
        ),
        state(view),
        None
        if is_dark(view)
        else element("section", element("details", element("summary", _("Why is it dark?")), what_to_do(view))),
        _emergency(view, mark) if view.emergency_open else None,
        element("section", element("h2", _("Type a code")), code_form(mark, typed=typed)),
        element("section", element("h2", _("Last entries")), entries(view), asked(view)),
        SCRIPT,
    )


def _emergency(view: View, mark: Html) -> Html:
    offer = _("Take %(amount)s of emergency credit") % {"amount": format_with_code(view.emergency, view.currency)}
    return element(
        "section",
        element("h2", _("Out of credit?")),
        form("/emergency", mark, element("button", offer)),
        element("p", _("You can take it once. Your next payment repays it first."), class_="quiet"),
    )
