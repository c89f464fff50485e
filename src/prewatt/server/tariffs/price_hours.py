"""Hours, half hours and quarters of a day that are counted in a column beside the day, as exchanges do: 1 to 24, 1 to 48, 1 to 96."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils.translation import gettext as _

from ...tables.cells import CellError, day_of, text_of
from ...tables.problems import TableError, whole
from ...tables.rows import Cell

WHOLE_DAYS = {60: (23, 24, 25), 30: (46, 48, 50), 15: (92, 96, 100)}
"""How many parts of so many minutes a day has: one of 23, of 24 and of 25 hours."""
_COUNT = re.compile(r"\d{1,3}")
Line = tuple[int, dict[str, Cell]]


def with_counted_hours(lines: Sequence[Line], zone: tzinfo, order: str) -> list[Line] | None:
    """Return the lines with the beginning in the place of each counted hour; None if the hours are not counted. `zone`: of the
    days; `order`: see `cells.order_of_days`. Hours from 0 on are those of the clock.

    Raises TableError if no day of the file is whole, so that it can't be told what is counted.
    """
    counts = [int(text) if _COUNT.fullmatch(text := text_of(cells["from"])) else -1 for _line, cells in lines]
    if not counts or min(counts) < 0 or not text_of(lines[0][1].get("day", "")):
        return None
    if min(counts) == 0 and max(counts) < 24:
        return [(line, {**cells, "from": f"{count}:00"}) for count, (line, cells) in zip(counts, lines, strict=True)]
    minutes = next((each for each, numbers in WHOLE_DAYS.items() if max(counts) in numbers and min(counts) > 0), 0)
    if not minutes:
        raise _not_whole(max(counts))
    step = timedelta(minutes=minutes)
    days = [_day(cells["day"], order) for _line, cells in lines]
    largest: dict[date | None, int] = defaultdict(int)
    for day, count in zip(days, counts, strict=True):
        largest[day] = max(largest[day], count)
    return [
        (line, cells if day is None else {**cells, "from": _begin(day, count, step, zone, largest[day])})
        for day, count, (line, cells) in zip(days, counts, lines, strict=True)
    ]


def _begin(day: date, count: int, step: timedelta, zone: tzinfo, largest: int) -> datetime:
    """Return when a counted part of a day begins. Where a day on which the clocks change has as many parts as any other, they are
    those of the clock.
    """
    midnight, following = (
        datetime.combine(day + timedelta(days=each), time(), zone).astimezone(UTC) for each in (0, 1)
    )
    if largest * step == timedelta(days=1) != following - midnight:
        return datetime.combine(day, time()) + (count - 1) * step
    return midnight + (count - 1) * step


def _day(cell: Cell, order: str) -> date | None:
    """Return the day in a cell; None if it is none, which is told when the line is read."""
    try:
        return day_of(cell, order)
    except CellError:
        return None


def _not_whole(largest: int) -> TableError:
    text = _("the hours are counted up to %(largest)d, so that no day is whole. Write them as times, such as 00:00")
    return whole(text % {"largest": largest})
