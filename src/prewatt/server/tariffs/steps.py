"""The length of each dated price in a file that has only the beginnings: steps of 5 minutes to a day, also mixed, with
gaps. This module also finds beginnings that are mistakes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...kernel.tariff import DATED_MAX, Dated
from ...kernel.units import DAY, HOUR, MINUTE

STEPS = frozenset(
    [minutes * MINUTE for minutes in (5, 10, 15, 20, 30)] + [hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12, 24)]
)
"""The lengths between two prices that exchanges use, µs."""
DEFAULT_STEP = 30 * MINUTE
"""The length of a single price, µs."""
LOCAL_DAYS = (23 * HOUR, 25 * HOUR)
"""The lengths of days on which the clocks change, µs."""


@dataclass(frozen=True)
class Slip:
    """A beginning that cannot be right: its index, and the reason in words for people."""

    index: int
    text: str


def steps(begins: Sequence[int]) -> tuple[list[int], list[Slip]]:
    """Return how long (µs) the price at each of the ascending instants holds, and the mistakes.

    A length counts as a step if it is the most common one in the file, or comes several times in a row. A longer
    distance next to it is a gap; a shorter one is a mistake.
    """
    if len(begins) == 1:
        return [DEFAULT_STEP], []
    distances = [later - earlier for earlier, later in pairwise(begins)]
    base = _most_common(distances)
    if base is None:
        return [DEFAULT_STEP] * len(begins), [Slip(1, _apart(min(distances)))]
    believed = [*_believed(begins, distances, base), 0]
    off_grid = _off_grid(begins, base, min(filter(None, (*believed, base))))
    step = next(filter(None, believed), base)
    slips: list[Slip] = []
    lengths: list[int] = []
    last: int | None = None
    for index, at in enumerate(begins):
        following = believed[index] or step
        if index in off_grid:
            slips.append(off_grid[index])
        elif last is not None and at - last < step:
            text = _("begins %(late)s after the price before it, which applies for %(step)s: is its time right?")
            text %= {"late": _length(at - last), "step": _length(step)}
            slips.append(Slip(index, text))
        else:
            # After a mistake, distances count from the price before it.
            last, step = at, following
        lengths.append(following)
    return lengths, slips or _alone(begins)


def _most_common(distances: Sequence[int]) -> int | None:
    """Return the step that comes most often, of several the shortest; None if no distance is a step."""
    usual = Counter(each for each in distances if each in STEPS)
    return min(usual, key=lambda step: (-usual[step], step), default=None)


def _off_grid(begins: Sequence[int], base: int, grid: int) -> dict[int, Slip]:
    """Return the mistakes that are not on the grid (µs) of most others, by index."""
    if base == DAY:
        # Days are on no grid, because the clocks change.
        return {}
    phase = Counter(at % grid for at in begins).most_common(1)[0][0]
    text = _("is not on the grid of %(grid)s that the others are on: is its time right?") % {"grid": _length(grid)}
    return {index: Slip(index, text) for index, at in enumerate(begins) if at % grid != phase}


def _believed(begins: Sequence[int], distances: Sequence[int], base: int) -> list[int]:
    """Return the distances that are steps; 0 for those that are not, or may not be."""
    believed: list[int] = []
    runs = [(distance, len(list(run))) for distance, run in groupby(distances)]
    around = [inf, *(distance for distance, _count in runs), inf]
    for (distance, count), before, after in zip(runs, around, around[2:], strict=False):
        plain = distance == base or (base == DAY and distance in LOCAL_DAYS)
        several = distance in STEPS and _is_several(distance, count, min(before, after), begins[len(believed)])
        believed += [distance if plain or several else 0] * count
    return believed


def _is_several(distance: int, count: int, beside: float, begin: int) -> bool:
    """Return whether a distance comes so often in a row, from `begin` on, that it is a step: three times, or twice if it
    is shorter than those `beside` it (the shorter of the two).
    """
    # Two prices at full hours, an hour apart, are rather steps of an hour than two gaps.
    full = distance <= HOUR and begin % distance == 0
    return count >= 3 or (count == 2 and (distance < beside or full))


def _alone(begins: Sequence[int]) -> list[Slip]:
    """Return the prices that are more than a day away from all others: their dates are probably wrong."""
    if len(begins) < 3:
        return []
    far = [False] + [later - earlier > DAY for earlier, later in pairwise(begins)] + [False]
    far[0] = far[-1] = True
    return [
        Slip(index, _("has no other price within a day before or after it: is its date right?"))
        for index in range(len(begins))
        if far[index] and far[index + 1]
    ]


def _apart(distance: int) -> str:
    text = _("prices can't be %(apart)s apart. Exchanges have steps of 5, 15, 30 or 60 minutes, up to a day")
    return text % {"apart": _length(distance)}


def _length(span: int) -> str:
    """Return a length of time for people."""
    if span % MINUTE:
        return f"{span / 10**6:g} s"
    if span < 2 * HOUR:
        return ngettext("%(number)d minute", "%(number)d minutes", span // MINUTE) % {"number": span // MINUTE}
    return (
        f"{span // HOUR} h" + (f" {span % HOUR // MINUTE} min" if span % HOUR else "")
        if span < 2 * DAY
        else ngettext("%(number)d day", "%(number)d days", span // DAY) % {"number": span // DAY}
    )


def parts(name: str, begins: Sequence[int], lengths: Sequence[int], prices: Sequence[int]) -> list[Dated]:
    """Return the prices (micro) in parts that a tariff can hold. In each part they follow one another,
    with one step.
    """
    series: list[tuple[int, int, list[int]]] = []
    for begin, length, price in zip(begins, lengths, prices, strict=True):
        # More than a day is two prices of half of it.
        count = -(-length // DAY)
        step = length // count
        last = series[-1] if series else None
        if (
            last is None
            or last[1] != step
            or begin != last[0] + step * len(last[2])
            or len(last[2]) + count > DATED_MAX // 2
        ):
            last = (begin, step, [])
            series.append(last)
        last[2].extend([price] * count)
    return [Dated(name, begin, step, tuple(those)) for begin, step, those in series]


def gaps(series: Sequence[Dated]) -> list[tuple[int, int]]:
    """Return the gaps between the first and the last price, as pairs of (from, until)."""
    return [(one.end, other.begin) for one, other in pairwise(series) if one.end < other.begin]
