"""The intervals between the readings of a meter, out of its journal. None is ever divided."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from ...kernel.entries import FLAG_BETWEEN, Reading, decode_entry
from ...kernel.span import Span
from ..core.spans import measured
from .models import JournalEntry, Meter
from .uses import Interval


def use_between(meter: Meter, span: Span) -> list[Interval]:
    """Return the intervals that ended in a span, in the order of the journal."""
    return list(intervals_of(meter, measured(span)))


def intervals_of(meter: Meter, which: Q) -> Iterator[Interval]:
    """Yield the intervals of the readings that `which` selects, in the order of the journal. It stops at the entry in
    the meter's row, because the head-end may have stored more since that was read.
    """
    # A reading that the server does not take for one has no energy here, and was charged by nobody.
    readings = JournalEntry.objects.filter(
        meter=meter, seq__lte=meter.seq, energy__isnull=False, register__isnull=False
    )
    begins: int | None = None
    is_first = True
    rows = readings.filter(which).order_by("seq").values_list("seq", "at", "energy", "charge", "body")
    for seq, at, energy, charge, body in rows.iterator():
        if is_first:
            before = readings.filter(seq__lt=seq).order_by("-seq").values_list("at", flat=True).first()
            begins, is_first = before, False
        entry = decode_entry(bytes(body))
        assert isinstance(entry, Reading)
        rates: dict[str, tuple[int, int]] = {}
        for each in entry.used:
            known = rates.get(each.rate, (0, 0))
            rates[each.rate] = (known[0] + each.energy, known[1] + each.energy * each.price)
        yield Interval(seq, begins, at, energy or 0, charge or 0, rates, bool(entry.flags & FLAG_BETWEEN))
        begins = at
