"""What the gateway's page shows to who has not typed a PIN: the flats to choose from, the door of one of them, and a sheet
for the building's door.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import segno

from .html import Html, element, together
from .page_parts import SCRIPT, code_form, form, hidden
from .texts import _, languages, speaking

Flats = Sequence[tuple[str, str]]
"""Pairs of a meter and its flat's name, in the order in which people look for them."""


def flats(units: Flats, last: str = "", has_lines: bool = False) -> Html:
    """Return the page on which a flat is chosen. `last`: the meter of the last choice. `has_lines`: whether meters hang on
    lines, which have a page.
    """
    if not units:
        return element("section", element("h1", _("No flat hangs on this gateway yet.")), _foot(has_lines))
    return together(
        element(
            "section",
            element("h1", _("Which flat is yours?")),
            element("p", _("There you type a code, or see your balance with your PIN."), class_="quiet"),
            element(
                "ul",
                *(
                    element(
                        "li",
                        element(
                            "a",
                            unit,
                            href=f"/?meter={quote(meter, safe='')}",
                            class_="last" if meter == last else False,
                        ),
                    )
                    for meter, unit in units
                ),
                class_="flats",
            ),
        ),
        _foot(has_lines),
    )


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
    offline = _("The building has no network now. A code works all the same, and your meter goes on by itself.")
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
                "p", _("Your balance, why it is dark, and emergency credit: with your flat's PIN."), class_="quiet"
            ),
            form("/login", whose, pin, element("button", _("Open"), class_="plain")),
        ),
        _foot(has_lines),
        SCRIPT,
    )


def _foot(has_lines: bool) -> Html:
    links = [(_("A sheet for the building's door"), "/sheet")]
    links += [(_("The lines of the meters"), "/lines")] if has_lines else []
    return element("p", *(element("a", text, href=to) for text, to in links), class_="row")


def sheet(title: str, address: str) -> Html:
    """Return a sheet to be printed for the building's door, in all languages: how this page is opened. `address`: of this
    page.
    """
    picture = segno.make(address, error="m").svg_inline(scale=4, border=2, light="#fff", omitsize=True)
    return together(
        element(
            "p",
            _("Print this, write the Wi-Fi's name and password on it, and put it up where people stand in the dark."),
            class_="screen quiet",
        ),
        element(
            "section",
            element("h1", title),
            Html(picture),
            element("p", address, class_="address"),
            *(_steps(each) for each in languages()),
            element("p", "Wi-Fi: ____________________", class_="address"),
            class_="sheet",
        ),
        element("p", element("a", _("The building's page"), href="/"), class_="screen"),
    )


def _steps(language: str) -> Html:
    with speaking(language):
        return element(
            "div",
            element("h2", _("Power off, and no network?")),
            element("p", _("Join the building's Wi-Fi. If your phone says that it has no internet, stay connected.")),
            element("p", _("Scan the square with your phone, or open the address below it.")),
            element("p", _("Choose your flat, and type your code of 20 digits. Your PIN shows your balance.")),
            lang=language,
        )
