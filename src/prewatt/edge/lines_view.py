"""The page of the lines of meters, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from .html import Html, element, together
from .lines import LineView
from .texts import _


def lines(views: Sequence[LineView]) -> Html:
    """Return the page of the lines: what happened to questions and answers, for who looks for a bad contact."""
    since = _(
        "Counted since the gateway was started. If an answer does not come, the gateway asks again. Charges are never "
        "guessed."
    )
    return together(
        element("h1", _("The lines of the meters")),
        *(
            element(
                "section",
                element("h2", view.name),
                element("p", view.port, class_="quiet") if view.port != view.name else None,
                element("ul", *(element("li", said) for said in view.said)),
            )
            for view in views
        ),
        element("p", since, class_="quiet"),
        element("p", element("a", _("The building's page"), href="/")),
    )
