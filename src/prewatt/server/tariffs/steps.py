"""How long each of a file's dated prices holds, where the file tells the beginnings only: steps of 5 minutes to a day, also
mixed, with gaps; and which beginnings are a slip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from ...kernel.tariff import DATED_MAX, Dated
from ...kernel.units import DAY, HOUR, MINUTE

STEPS = frozenset(
    [minutes * MINUTE for minutes in (5, 10, 15, 20, 30)] + [hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12, 24)]
)
"""Between two prices, as exchanges have them (µs)."""
DEFAULT_STEP = 30 * MINUTE
"""Of a single price."""
LOCAL_DAYS = (23 * HOUR, 25 * HOUR)
"""Of a day on which the clocks are changed."""


@dataclass(frozen=True)
class Slip:
    """A beginning that can't be right: the index of it, and why, in words for people."""

    index: int
    text: str


def steps(begins: Sequence[int]) -> tuple[list[int], list[Slip]]:
    """How long (µs) the price at each of the ascending instants holds, and what can't be.

    A step is believed where it is the file's most common one, or comes several times one after the other. A longer distance
    beside it is a gap; a shorter one is a slip.
    """
    if len(begins) == 1:
        return [DEFAULT_STEP], []
    distances = [later - earlier for earlier, later in pairwise(begins)]
    usual = Counter(each for each in distances if each in STEPS)
    if not usual:
        return [DEFAULT_STEP] * len(begins), [Slip(1, _apart(min(distances)))]
    base = min(usual, key=lambda step: (-usual[step], step))
    believed = [*_believed(begins, distances, base), 0]
    step = next((each for each in believed if each), base)
    grid = min(each for each in (*believed, base) if each)
    phase = Counter(at % grid for at in begins).most_common(1)[0][0]
    slips: list[Slip] = []
    found: list[int] = []
    last = -1
    for index, at in enumerate(begins):
        following = believed[index] or step
        if base != DAY and at % grid != phase:
            slips.append(
                Slip(index, f"is not on the grid of {_length(grid)} that the others are on: is its time right?")
            )
        elif last >= 0 and at - begins[last] < step:
            text = f"begins {_length(at - begins[last])} after the price before it, which holds {_length(step)}: is its time right?"
            slips.append(Slip(index, text))
        else:
            # What follows a slip is measured from the price before it.
            last, step = index, following
        found.append(following)
    return found, slips or _alone(begins)


def _believed(begins: Sequence[int], distances: Sequence[int], base: int) -> list[int]:
    """The distances that are steps; 0 for those that are none, or perhaps."""
    found: list[int] = []
    runs = [(distance, len(list(run))) for distance, run in groupby(distances)]
    for place, (distance, count) in enumerate(runs):
        beside = [runs[other][0] for other in (place - 1, place + 1) if 0 <= other < len(runs)]
        plain = distance == base or (base == DAY and distance in LOCAL_DAYS)
        short = all(distance < other for other in beside)
        # Two prices an hour apart, each at a full hour, are of an hour before they are two gaps one after the other.
        full = distance <= HOUR and begins[len(found)] % distance == 0
        several = distance in STEPS and (count >= 3 or (count == 2 and (short or full)))
        found += [distance if plain or several else 0] * count
    return found


def _alone(begins: Sequence[int]) -> list[Slip]:
    """A single price more than a day from all others is one whose date was mistyped."""
    if len(begins) < 3:
        return []
    far = [False] + [later - earlier > DAY for earlier, later in pairwise(begins)] + [False]
    far[0] = far[-1] = True
    return [
        Slip(index, "is the only price within more than a day of it: is its date right?")
        for index in range(len(begins))
        if far[index] and far[index + 1]
    ]


def _apart(distance: int) -> str:
    return f"prices {_length(distance)} apart have no step that an exchange has: 5, 15, 30 or 60 minutes, up to a day"


def _length(span: int) -> str:
    """A span for people."""
    if span % MINUTE:
        return f"{span / 10**6:g} s"
    if span < 2 * HOUR:
        return f"{span // MINUTE} minutes"
    return (
        f"{span // HOUR} h" + (f" {span % HOUR // MINUTE} min" if span % HOUR else "")
        if span < 2 * DAY
        else f"{span // DAY} days"
    )


def parts(name: str, begins: Sequence[int], lengths: Sequence[int], prices: Sequence[int]) -> list[Dated]:
    """The prices (micro) in parts that a tariff can hold: in each they follow one another, with one step."""
    found: list[tuple[int, int, list[int]]] = []
    for begin, length, price in zip(begins, lengths, prices, strict=True):
        # More than a day is two prices of half of it.
        count = -(-length // DAY)
        step = length // count
        last = found[-1] if found else None
        if (
            last is None
            or last[1] != step
            or begin != last[0] + step * len(last[2])
            or len(last[2]) + count > DATED_MAX // 2
        ):
            last = (begin, step, [])
            found.append(last)
        last[2].extend([price] * count)
    return [Dated(name, begin, step, tuple(those)) for begin, step, those in found]


def gaps(series: Sequence[Dated]) -> list[tuple[int, int]]:
    """Where no price holds between the first and the last: (from, until)."""
    return [(one.end, other.begin) for one, other in pairwise(series) if one.end < other.begin]
