"""What a statement says of a flat with a keypad meter: the codes that were sold, the readings that people typed, and how
the two agree. Energy in Wh, money in nano, instants in µs since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ...kernel.span import Span
from ...kernel.tariff import Version, version_at
from ...kernel.units import DAY
from ..core.spans import during
from ..estate.models import Tenancy
from ..sales.keypad_entries import used_of
from ..sales.keypad_left import not_taken_back
from ..vending.keypad_models import KeypadReading
from ..vending.keypad_readings import readings, sold
from ..vending.keypads import account_meter_of
from ..vending.models import KeypadEntry, TokenMeter
from .keypad_figures import EntryCharge, KeypadPart, SoldCode


def sold_code(entry: KeypadEntry) -> SoldCode:
    """Return the code of an entry, for people."""
    return SoldCode(entry.number, entry.at, str(entry.code), entry.energy, entry.charge, not_taken_back(entry) == 0)


def entries_in(tenancy: Tenancy, span: Span) -> Iterator[KeypadEntry]:
    """Yield the entries of a tenancy's account in a span, in their order."""
    rows = KeypadEntry.objects.filter(during(span), tenancy=tenancy)
    yield from rows.select_related("back_of", "code", "tenancy").order_by("number")


def charges_in(
    tenancy: Tenancy, span: Span, versions: Sequence[Version]
) -> Iterator[tuple[EntryCharge, Version | None]]:
    """Yield what the entries of a span charge, each with the tariff version by which it was rated; None if there was none."""
    for entry in entries_in(tenancy, span):
        at = entry.at if entry.back_of is None else entry.back_of.at
        charge = EntryCharge(
            entry.at,
            used_of(entry),
            entry.energy,
            entry.fee,
            entry.standing,
            entry.minimum,
            entry.tax,
            entry.tax_included,
            entry.charges,
        )
        yield charge, version_at(versions, at)


def keypad_part(tenancy: Tenancy, span: Span) -> KeypadPart | None:
    """Return what a statement says of a keypad meter; None if the flat has none, and the tenancy had none."""
    token_meter = account_meter_of(tenancy)
    if token_meter is None:
        return None
    codes = [sold_code(each) for each in entries_in(tenancy, span) if each.code is not None]
    bound = _readings(token_meter, span.within(tenancy.begins, tenancy.ends))
    bought, used, left = 0, None, None
    if len(bound) > 1:
        first, last = bound[0], bound[-1]
        bought = sold(token_meter, first.at, last.at)
        used = (
            None if any(each.doubt for each in bound[1:]) else sum(b.register - a.register for a, b in pairwise(bound))
        )
        left = None if first.left is None or used is None else first.left + bought - used
    return KeypadPart(token_meter, codes, bound, bought, used, left)


def _readings(token_meter: TokenMeter, span: Span) -> list[KeypadReading]:
    """Return the readings of a span, and those of a day before and after it: people read when they come."""
    rows = readings(token_meter).defer("photo")
    return list(rows.filter(at__gte=span.begins - DAY, at__lt=span.ends + DAY))
