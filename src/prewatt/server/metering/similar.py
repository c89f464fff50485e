"""What similar flats of a building use: a rule without I/O.

A tenant sees one figure beside their own: what the flat in the middle of similar ones used in the same whole days. It is made
so that nobody can work out a single flat from it, not even by looking day after day:

- Flats are divided into groups, by area where it is known. No flat is in two groups, so that no two figures can be
  subtracted. All of a group see the same figure, which includes their own flat.
- A group has at least five flats beside each one's own. Where there are fewer of one size, sizes are put together.
- Only those whole days of a flat count on which somebody lived there and the meter was read: a day that is not known is left
  out, and is no zero. A flat of which too little is known is in no group. After a move the flat stays in its group, with the
  days of both tenants.
- The figure is the middle one of the flats' averages, rounded to about a tenth of itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from statistics import median
from typing import NamedTuple

LEAST = 6
"""The fewest flats of a group: five others beside one's own."""
SIZES = (30, 45, 60, 80, 110)
"""Where the sizes of flats are divided, m²."""
FIRST_DAYS = 5
"""If fewer whole days of this month are over, the month before is compared. A flat with fewer known days is not
compared.
"""


class Flat(NamedTuple):
    """A flat: `area` in whole m², 0 if it is not known; `days`: what was used (Wh) in each whole day that is known."""

    pk: int
    area: int
    days: Mapping[date, int]


class Group(NamedTuple):
    """Similar flats, and what the middle one used in the whole span, rounded, Wh."""

    flats: tuple[int, ...]
    energy: int


class Beside(NamedTuple):
    """A flat's own use (Wh) and that of similar flats in as many days. `days`: how many days of the span are known of
    the flat.
    """

    own: int
    similar: int
    days: int


def span_of(today: date) -> tuple[date, date]:
    """Return the first and the last day that are compared on the day `today`: the days of this month that are over, or,
    if they are fewer than `FIRST_DAYS`, the month before.
    """
    last = today - timedelta(days=1)
    if last.month != today.month or last.day < FIRST_DAYS:
        last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def is_enough(known: int, days: int) -> bool:
    """Return whether so many known days are enough to stand for a span of `days`."""
    return known >= FIRST_DAYS and 3 * known >= 2 * days


def groups(flats: Sequence[Flat], days: int) -> list[Group]:
    """Return the groups of a building's flats in a span of so many days; none if too little is known."""
    known = [each for each in flats if is_enough(len(each.days), days)]
    sized = sorted((each for each in known if each.area > 0), key=lambda each: (each.area, each.pk))
    unsized = [each for each in known if each.area <= 0]
    if 0 < len(unsized) < LEAST or 0 < len(sized) < LEAST:
        # Too few to be a group of their own.
        sized, unsized = [], known
    bands = [list(band) for _size, band in groupby(sized, key=lambda each: _size_of(each.area))]
    return [_group(each, days) for each in (*_put_together(bands), unsized) if len(each) >= LEAST]


def _size_of(area: int) -> int:
    return sum(area >= bound for bound in SIZES)


def _put_together(bands: Sequence[list[Flat]]) -> list[list[Flat]]:
    """Return bands, each with enough flats: one with too few is put to the next size, the last one to the one before."""
    groups: list[list[Flat]] = []
    for band in bands:
        if groups and len(groups[-1]) < LEAST:
            groups[-1] = [*groups[-1], *band]
        else:
            groups.append(band)
    if len(groups) > 1 and len(groups[-1]) < LEAST:
        last = groups.pop()
        groups[-1] = [*groups[-1], *last]
    return groups


def _group(flats: Sequence[Flat], days: int) -> Group:
    middle = median(sum(each.days.values()) * days // len(each.days) for each in flats)
    return Group(tuple(sorted(each.pk for each in flats)), rounded(int(middle)))


def rounded(energy: int) -> int:
    """Return an energy (Wh), rounded to 1, 2 or 5 times a power of ten, at most a tenth of it, and at least 1 kWh."""
    step = 1_000
    while True:
        longer = step * 5 // 2 if str(step)[0] == "2" else step * 2
        if longer * 10 > energy:
            break
        step = longer
    return (energy + step // 2) // step * step


def beside(own: Mapping[date, int], group: Group, days: int) -> Beside | None:
    """Return a flat's own use in a span of so many days beside that of its group; None if too little of its own is
    known.
    """
    if not is_enough(len(own), days):
        return None
    return Beside(sum(own.values()), rounded(group.energy * len(own) // days), len(own))
