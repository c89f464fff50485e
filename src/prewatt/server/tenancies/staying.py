"""What does not move with days that go from one tenant to another, and people must put right by hand."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from ..allocation.models import Run
from ..core.time import now
from ..estate.models import Unit
from ..tariffs.models import Correction


def what_stays(unit: Unit, spans: Iterable[tuple[int | None, int | None]]) -> list[str]:
    """Return sentences on what was divided or corrected at a unit for days that go to somebody else. `spans`: their two ends (µs),
    in either order; None stands for the present.
    """
    within, at = Q(), now()
    for span in spans:
        first, last = sorted(at if each is None else each for each in span)
        within |= Q(begins__lt=last, ends__gt=first)
    if not within:
        return []
    says = []
    runs = Run.objects.filter(within, shared_cost__property=unit.property, reversed_at__isnull=True)
    names = sorted({str(each.shared_cost) for each in runs.select_related("shared_cost")})
    if names:
        text = _(
            "Shared costs of these days were divided according to the wrong date and time. Give them back and run "
            "them again: %(names)s."
        )
        says.append(text % {"names": ", ".join(names)})
    corrections = Correction.objects.filter(within, charges__meter__unit=unit).distinct()
    if reasons := sorted({each.reason for each in corrections}):
        text = _(
            "The prices of some of these days were corrected (%(reasons)s). What that charged or gave back stays with "
            "whoever lived there by the old dates: correct both charges by their amounts."
        )
        says.append(text % {"reasons": ", ".join(reasons)})
    return says


def stays_after_move(unit: Unit, at: int) -> list[str]:
    """Return what does not move with the days after a move (µs) that was recorded late; nothing if it was not."""
    return what_stays(unit, [(at, None)]) if at < now() else []
