"""A meter's last entries as the gateway's page shows them."""

from __future__ import annotations

from ..kernel.calendar import local, zone
from .html import Html, element
from .quantities import format_money, format_signed, number
from .site import View
from .texts import _


def entries(view: View) -> Html:
    """Return a meter's last entries as a table."""
    zone_info = zone(view.zone)
    rows = (
        element(
            "tr",
            element("td", f"{local(line.at, zone_info):{_('%d %b %H:%M')}}", class_="when"),
            element("td", line.text),
            element("td", _signed(line.amount, view.currency), class_="num"),
            element("td", format_money(line.balance, view.currency), class_="num"),
        )
        for line in view.lines
    )
    return element("table", *rows)


def asked(view: View) -> Html | None:
    """Return how often the meter did not answer, for who looks for a bad contact; None if it always did."""
    if not view.unanswered:
        return None
    words = {"unanswered": number(str(view.unanswered)), "asked": number(str(view.asked))}
    said = _("The meter did not answer %(unanswered)s of %(asked)s questions since the gateway was started.") % words
    return element("p", said, class_="quiet")


def _signed(nano: int, currency: str) -> str:
    text = format_signed(nano, currency)
    return text if text.strip("0.,") else ""
