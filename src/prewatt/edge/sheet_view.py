"""A sheet for the building's door: how the gateway's page is opened."""

from __future__ import annotations

import segno

from .html import Html, element, together
from .texts import _, languages, speaking


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
