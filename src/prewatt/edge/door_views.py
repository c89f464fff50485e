"""The page of one flat for a person who has not typed its PIN."""

from __future__ import annotations

from .code_form import code_form
from .foot import foot
from .html import Html, element, together
from .page_parts import SCRIPT, form, hidden
from .texts import _


def door(
    meter: str, unit: str, has_others: bool = True, online: bool = True, has_lines: bool = False, typed: str = ""
) -> Html:
    """Return the page of a flat for a person who has not typed its PIN: it accepts codes, and asks for the PIN. `has_others`:
    whether another flat can be chosen; `online`: whether the server is reached; `typed`: a code that was refused.
    """
    whose = hidden("meter", meter)
    pin = element(
        "label",
        _("PIN"),
        element(
            "input",
            class_="pin",
            name="pin",
            inputmode="numeric",
            type="password",
            autocomplete="off",
            maxlength="20",
            required=True,
        ),
    )
    offline = _("The building has no network now. Codes still work, and your meter goes on by itself.")
    return together(
        element(
            "div",
            element("h1", unit),
            element("a", _("Another flat"), href="/?meter=") if has_others else None,
            class_="row",
        ),
        None if online else element("p", offline, class_="quiet"),
        element(
            "section",
            element("h2", _("Type a code")),
            code_form(whose, typed=typed),
            element("p", _("The code of a payment, of an order from your landlord, or of a new PIN."), class_="quiet"),
        ),
        element(
            "section",
            element("h2", _("Your meter")),
            element(
                "p", _("With your flat's PIN: your balance, why it is dark, and emergency credit."), class_="quiet"
            ),
            form("/login", whose, pin, element("button", _("Open"), class_="plain")),
        ),
        foot(has_lines),
        SCRIPT,
    )
