"""Whether the power is on, in one or two words for a table. Whole sentences are those of `kernel.why_dark`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ...kernel.switching import SwitchProgress

if TYPE_CHECKING:
    from .figures import MeterFigures


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
