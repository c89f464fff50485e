"""Buildings whose set-up was begun and left: what comes next there."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from ...accounts.rights import Right
from ...commissioning.progress import unfinished
from ..begin.steps import TITLES, page_of
from .line import FIRST, Line, Seer


def begun_lines(seer: Seer) -> Iterable[Line]:
    """Yield a line for each of the first buildings without units, without a tariff, or without a gateway that has enrolled."""
    own = [each for pk, each in seer.properties.items() if seer.has(Right.SETTINGS, pk)]
    for property_, step in unfinished(own)[:FIRST] if own else ():
        yield Line(
            "soon",
            _("not set up yet"),
            who=property_.name,
            page=page_of(property_, step),
            detail=_("Next: %(step)s") % {"step": TITLES[step]},
            button=_("Go on"),
            to=page_of(property_, step),
        )
