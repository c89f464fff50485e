"""What a meter usually uses: the average of the four weeks before, at the same hours of the same weekdays."""

from __future__ import annotations

import itertools
from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from ...kernel.calendar import local
from ...kernel.forecast import WEEKS
from ...kernel.units import DAY, HOUR
from .models import Meter
from .registers import registers

FEWEST = 3 * DAY
"""The time (µs) that must be known before any usual use is given."""


class Piece(NamedTuple):
    """Wh usually used between two instants, at most an hour apart."""

    begin: int
    end: int
    energy: int


def _cut(begin: int, end: int) -> list[tuple[int, int]]:
    """Return the clock hours between two instants."""
    points = [begin, *range((begin // HOUR + 1) * HOUR, end, HOUR), end]
    return list(itertools.pairwise(points))


def _slot(at: int, zone_: ZoneInfo) -> tuple[int, int]:
    wall = local(at, zone_)
    return wall.weekday(), wall.hour


def usual(meter: Meter, begin: int, end: int, zone_: ZoneInfo, since: int = 0) -> list[Piece] | None:
    """Return what is usually used between two instants, by hours, from the readings up to `begin` (and not before
    `since`). None if too little is known.
    """
    known = registers(meter, begin - WEEKS * 7 * DAY, begin)
    if not len(known.at) or end <= begin:
        return None
    first = max(begin - WEEKS * 7 * DAY, int(known.at[0]), since)
    last = min(begin, int(known.at[-1]))
    if last - first < FEWEST:
        return None
    hours = _cut(first, last)
    used = np.diff(known.used_up_to(np.array([hours[0][0], *(until for _, until in hours)], dtype=np.int64))).tolist()
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    by_hour: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for (at, until), energy in zip(hours, used, strict=True):
        weekday, hour = _slot(at, zone_)
        for known_sum in (sums[weekday, hour], by_hour[hour]):
            known_sum[0] += energy
            known_sum[1] += until - at
    pieces, exact, given_out = [], Fraction(0), 0
    for at, until in _cut(begin, end):
        weekday, hour = _slot(at, zone_)
        energy, lasted = sums.get((weekday, hour)) or by_hour.get(hour) or (sum(used), last - first)
        exact += Fraction(energy * (until - at), lasted)
        pieces.append(Piece(at, until, int(exact) - given_out))
        given_out = int(exact)
    return pieces
