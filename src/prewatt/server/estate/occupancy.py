"""Who held a unit, and when. Bills, books and estimates all ask here to which tenancy something belongs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...kernel.span import Span
from .tenancies import Tenancy


class Stretch(NamedTuple):
    """The time from `begins` to `ends` (µs) in which one tenancy held a unit, or nobody did (`tenancy` is None)."""

    tenancy: Tenancy | None
    begins: int
    ends: int


def holder_at(tenancies: Iterable[Tenancy], at: int) -> Tenancy | None:
    """Return the tenancy to which something that ends at an instant (a reading) belongs; None if nobody lived there."""
    return next((each for each in tenancies if each.holds(at)), None)


def stretches(unit_id: int | None, span: Span) -> list[Stretch]:
    """Return who held a unit in a span, without a gap, the earliest first. Without a unit (None) there is no holder."""
    rows = Tenancy.objects.filter(unit=unit_id, begins__lt=span.ends).exclude(ends__lte=span.begins).order_by("begins")
    parts: list[Stretch] = []
    at = span.begins
    for each in rows.select_related("unit__property__organisation"):
        held = span.within(each.begins, each.ends)
        if held.begins > at:
            parts.append(Stretch(None, at, held.begins))
        parts.append(Stretch(each, held.begins, held.ends))
        at = held.ends
    if at < span.ends or not parts:
        parts.append(Stretch(None, at, span.ends))
    return parts
