"""The form in which a code is typed."""

from __future__ import annotations

from .html import Html, element
from .page_parts import form
from .texts import _

_DIGITS = 20
"""Digits of a code."""


def code_form(whose: Html, typed: str = "") -> Html:
    """Return the form for a code. `whose`: the hidden field that says for which meter it is. `typed`: what was typed before,
    and refused.
    """
    field = element(
        "label",
        _("20 digits"),
        element(
            "textarea",
            typed,
            class_="code",
            name="code",
            rows="2",
            inputmode="numeric",
            autocomplete="off",
            maxlength="300",
            placeholder="1234 5678 9012 3456 7890",
            required=True,
        ),
    )
    return form("/code", whose, field, _keys(), element("button", _("Use the code")))


def _keys() -> Html:
    """Return the keypad, which the script shows: without it, digits are typed by the phone's own keys."""
    count = _("{typed} of %(digits)d digits") % {"digits": _DIGITS}
    return element(
        "div",
        *(element("button", digit, type="button", data_key=digit) for digit in "123456789"),
        element("output", data_words=count),
        element("button", "0", type="button", data_key="0"),
        element("button", "⌫", type="button", data_key="back", aria_label=_("Delete the last digit")),
        class_="keys",
        role="group",
        aria_label=_("Digits"),
        hidden=True,
    )
