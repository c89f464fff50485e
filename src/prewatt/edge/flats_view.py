"""The page on which a flat is chosen, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from .foot import foot
from .html import Html, element, together
from .texts import _

Flats = Sequence[tuple[str, str]]
"""Pairs of a meter and its flat's name, in the order in which people look for them."""


def flats(units: Flats, last: str = "", has_lines: bool = False) -> Html:
    """Return the page on which a flat is chosen. `last`: the meter of the last choice. `has_lines`: whether meters hang on
    lines, which have a page.
    """
    if not units:
        return element("section", element("h1", _("No flat is connected to this gateway yet.")), foot(has_lines))
    return together(
        element(
            "section",
            element("h1", _("Which flat is yours?")),
            element("p", _("On your flat's page you type a code, or see your balance with your PIN."), class_="quiet"),
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
        foot(has_lines),
    )
