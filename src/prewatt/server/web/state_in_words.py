"""Whether the power is on, as one sentence for the person who lives there, or for the manager of a vacant unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ...kernel.currencies import format_money
from ...kernel.state import EXHAUSTED

if TYPE_CHECKING:
    from .figures import MeterFigures


def state_in_words(figures: MeterFigures) -> str:
    """Return whether the power is on and, if it is not, why. While the gateway is away, it is said to be last known."""
    return _dated(figures, _of_tenant(figures))


def vacant_in_words(figures: MeterFigures) -> str:
    """Return whether the power is on in a unit where nobody lives. Nobody is asked to pay there."""
    if figures.state == "off" and figures.why == EXHAUSTED:
        return _dated(figures, _("The power is off: there is no credit."))
    if figures.state in ("low", "on"):
        return _dated(figures, _("The power is on."))
    return _dated(figures, _of_tenant(figures))


def state_label(figures: MeterFigures) -> str:
    """Return whether the power is on, in one or two words for a table."""
    labels = {"off": _("off"), "low": _("on, low"), "on": _("on"), "unknown": _("not known yet")}
    return labels[figures.state]


def _dated(figures: MeterFigures, sentence: str) -> str:
    if figures.online or figures.closed is None:
        return sentence
    return _("Last known: %(sentence)s") % {"sentence": sentence}


def _of_tenant(figures: MeterFigures) -> str:
    state, currency = figures.state, figures.currency
    if state == "unknown":
        return _("The meter has not reported yet.")
    if state == "off":
        if figures.why == EXHAUSTED:
            return _("The power is off: the credit is used up. It returns by itself after a top-up.")
        return _("The power is off: %(why)s.") % {"why": figures.why}
    if figures.lent:
        text = _("The power is on, on emergency credit: %(lent)s %(currency)s left.")
        return text % {"lent": format_money(figures.lent, currency), "currency": currency}
    if state == "low" and figures.pays_after:
        text = _("The power is on. You can use only %(room)s %(currency)s more until the limit. Pay soon.")
        return text % {"room": format_money(figures.room, currency), "currency": currency}
    if state == "low":
        return _("The power is on. Your credit is running low.")
    if figures.pays_after:
        return _("The power is on. You pay after use.")
    return _("The power is on.")
