"""Labels for flats, to be printed: the flat, its meter, and a QR code that opens the building's page for this flat."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import segno

from ..html import Html, element
from ..texts import _
from .survey import Flat


def labels(flats: Iterable[Flat], address: str, title: str) -> Html:
    """Return the labels of the flats that have a meter. `address`: of the building's page."""
    return element("div", *(_label(flat, address, title) for flat in flats if flat.name), class_="labels")


def _label(flat: Flat, address: str, title: str) -> Html:
    url = f"{address}/?meter={quote(flat.name)}"
    picture = segno.make(url, error="m").svg_inline(scale=4, border=2, light="#fff", omitsize=True)
    return element(
        "div",
        Html(picture),
        element(
            "div",
            element("b", flat.key),
            element("p", title),
            element("p", _("Meter %(meter)s") % {"meter": flat.serial or flat.name}),
            element("p", url, class_="quiet"),
        ),
        class_="label",
    )
