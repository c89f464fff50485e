"""The links below the pages that need no PIN."""

from __future__ import annotations

from .html import Html, element
from .texts import _


def foot(has_lines: bool) -> Html:
    """Return the links below a page: to the sheet, and to the lines of meters if there are any."""
    links = [(_("A sheet for the building's door"), "/sheet")]
    links += [(_("The lines of the meters"), "/lines")] if has_lines else []
    return element("p", *(element("a", text, href=to) for text, to in links), class_="row")
