"""Whether the power is on, as one sentence for the person who lives there, or for the manager of a vacant unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ...kernel.state import EXHAUSTED
from ...kernel.switching import SwitchProgress
from ..core import local_forms

if TYPE_CHECKING:
    from .figures import MeterFigures


def state_in_words(figures: MeterFigures) -> str:
    """Return whether the power is on and, if it is not, why. While the gateway is away, it is said to be last known."""
    return _dated(figures, _of_tenant(figures))


def vacant_in_words(figures: MeterFigures) -> str:
    """Return whether the power is on in a unit where nobody lives. Nobody is asked to pay there."""
    if figures.state == "off" and figures.why == EXHAUSTED:
        return _dated(figures, _("The power is off: there is no credit."))
    if figures.state in ("soon", "ok"):
        return _dated(figures, _("The power is on."))
    return _dated(figures, _of_tenant(figures))


def state_label(figures: MeterFigures) -> str:
    """Return whether the power is on, in one or two words for a table."""
    labels = {
        "off": pgettext("the power", "off"),
        "soon": _("on, low"),
        "ok": _("on"),
        "silent": _("told to switch on"),
        "unknown": _("not known yet"),
    }
    return labels[figures.state]


def switching_label(figures: MeterFigures) -> str:
    """Return what hinders the switch, for a chip in a table; empty if nothing does."""
    if figures.switching == SwitchProgress.WAITS_FOR_BUTTON:
        return _("press the button")
    return _("the switch does not obey") if figures.switching == SwitchProgress.FAILED else ""


def _dated(figures: MeterFigures, sentence: str) -> str:
    if figures.online or figures.closed is None:
        return sentence
    return _("Last known: %(sentence)s") % {"sentence": sentence}


def _of_tenant(figures: MeterFigures) -> str:
    state, currency = figures.state, figures.currency
    if state == "unknown":
        return _("The meter has not reported yet.")
    if state == "silent":
        return _switching_on(figures.switching)
    if state == "off":
        text = _("The power is off: %(why)s.") % {"why": figures.why}
        if figures.why == EXHAUSTED:
            text = _("The power is off: the credit is used up. It returns by itself after a top-up.")
        if figures.switching == SwitchProgress.FAILED:
            # Nobody may rely on it, when work is done at the wires.
            text += " " + _("But the meter has not switched off: it was told to, and is told again every minute.")
        return text
    if figures.lent:
        text = _("The power is on, on emergency credit: %(lent)s %(currency)s left.")
        return text % {"lent": local_forms.money(figures.lent, currency), "currency": local_forms.sign(currency)}
    if state == "soon" and figures.pays_after:
        text = _("The power is on. You can use only %(room)s %(currency)s more until the limit. Pay soon.")
        return text % {"room": local_forms.money(figures.room, currency), "currency": local_forms.sign(currency)}
    if state == "soon":
        return _("The power is on. Your credit is running low.")
    if figures.pays_after:
        return _("The power is on. You pay after use.")
    return _("The power is on.")


def _switching_on(progress: SwitchProgress | None) -> str:
    """Return how far the order to switch on is, which no reading has shown to be done."""
    if progress == SwitchProgress.WAITS_FOR_BUTTON:
        return _("Press the button at the meter: the power is back at once.")
    if progress == SwitchProgress.FAILED:
        return _(
            "The meter was told to switch on, but has not done it. It is told again every minute, and the manager knows. "
            "If the meter has a button, press it."
        )
    if progress == SwitchProgress.CONFIRMED:
        return _("The meter was told to switch on, and has confirmed it. It has not shown yet that the power is on.")
    return _("The meter is told to switch on. It has not answered yet.")
