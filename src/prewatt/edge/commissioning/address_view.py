"""The part of the setting-up page by which one address is asked."""

from __future__ import annotations

from collections.abc import Sequence

from ..html import Html, element
from ..page_parts import form
from ..texts import _
from .finding import Adapter
from .pieces import field, select
from .probing import kinds


def one_address(buses: Sequence[Adapter], mark: Html) -> Html:
    """Return the form by which one address is asked. `mark`: that of the session."""
    return element(
        "section",
        element(
            "details",
            element("summary", _("Ask one address")),
            element(
                "p",
                _("For a meter on a bus in service. Only this meter is asked, and the others go on."),
                class_="quiet",
            ),
            form(
                "/setup/ask",
                mark,
                select(_("Bus"), "port", [(each.path, each.path) for each in buses], ""),
                select(_("Kind"), "kind", [(kind, kind) for kind in kinds()], ""),
                field(_("Address, as printed on the meter"), name="address", required=True),
                field(_("Line, if the bus is not in service"), name="line", value="9600 8N1"),
                element("button", _("Ask it"), class_="plain"),
            ),
        ),
    )
