"""The converters that call without being known, on the page on which meters are set up."""

from __future__ import annotations

from collections.abc import Sequence

from ..html import Html, element, together
from ..page_parts import form, hidden
from ..texts import _
from .calling import Caller


def unknown_callers(callers: Sequence[Caller], mark: Html) -> Html:
    """Return the converters that call and that nobody knows, each with the ways to take it on. `mark`: that of the session."""
    return element(
        "section",
        element("h2", _("Unknown callers")),
        *(
            together(
                element("p", _said(each.stranger.said), class_="port"),
                element(
                    "p",
                    _("from %(address)s, %(times)d times")
                    % {"address": each.stranger.address, "times": each.stranger.times},
                    class_="quiet",
                ),
                *(
                    form(
                        "/setup/converter",
                        mark,
                        hidden("kind", kind),
                        hidden("caller", caller),
                        element("button", _("Add as %(kind)s") % {"kind": kind}, class_="plain"),
                    )
                    for kind, caller in each.fits
                ),
            )
            for each in callers
        ),
        element(
            "p",
            _("Add only what you have mounted: anybody can call, and give any name."),
            class_="quiet",
        ),
    )


def _said(said: bytes) -> str:
    """Return the first bytes of a call as people read them."""
    text = said.decode("ascii", "replace").strip()
    if not said:
        return _("This caller sent nothing.")
    return text if text.isprintable() and text.isascii() else said.hex(" ")
