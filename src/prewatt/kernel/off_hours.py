"""Timed switching: hours in which a meter supplies nothing, or only a small allowance, as in dormitories.

A span of off hours is called a night here, at whatever time it lies. It belongs to the day on which it begins, and
begins and ends exactly once: at the first instants at which the wall clock shows these times, also when the clocks
change between them.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from .calendar import day_bounds, local, local_day, next_wall_change, zone
from .supply import Watts, Window, kind_of_day
from .units import INT64_MAX, Instant

OFF_HOURS = "off-hours"
"""The reason of a relay entry that switches off until the morning."""


class OffHours(Struct, frozen=True):
    """The windows of the week in which the supply is off. On `days` (ISO dates: holidays) only those windows hold that
    name special days.

    An allowance may remain: up to `watts` (W; 0: any power, if there is energy), up to `energy` (Wh; 0: any energy, if
    there is power). If both are 0, nothing is supplied.
    """

    windows: Annotated[tuple[Window, ...], Meta(max_length=20)] = ()
    days: Annotated[tuple[Annotated[str, Meta(min_length=10, max_length=10)], ...], Meta(max_length=400)] = ()
    watts: Watts = 0
    energy: Annotated[int, Meta(ge=0, le=INT64_MAX)] = 0


class Span(NamedTuple):
    """A night, from its first instant (included) to its end (excluded)."""

    begin: int
    end: int


def night_at(hours: OffHours, zone_name: str, at: Instant) -> Span | None:
    """Return the night in which an instant lies; None if it lies in no night."""
    return next((each for each in _around(hours, zone_name, at) if each.begin <= at < each.end), None)


def night_before(hours: OffHours, zone_name: str, at: Instant) -> Span | None:
    """Return the night in which the time just before an instant lies. What ends exactly at a night's end belongs to
    that night.
    """
    return next((each for each in _around(hours, zone_name, at) if each.begin < at <= each.end), None)


def next_off_change(hours: OffHours, zone_name: str, at: Instant) -> Instant:
    """Return an instant after `at`, at most one day ahead, before which no night begins or ends."""
    edges = [edge for each in _around(hours, zone_name, at) for edge in each if edge > at]
    return min([*edges, day_bounds(local_day(at, zone(zone_name)), zone(zone_name))[1]])


def _around(hours: OffHours, zone_name: str, at: Instant) -> tuple[Span, ...]:
    return _nights(hours, zone_name, local_day(at, zone(zone_name)))


@lru_cache(maxsize=256)
def _nights(hours: OffHours, zone_name: str, day: date) -> tuple[Span, ...]:
    """Return the nights that begin on a local day, or on the day before or after. Windows that overlap form one night."""
    zone_info, nights = zone(zone_name), list[Span]()
    for each in (day - timedelta(days=1), day, day + timedelta(days=1)):
        kind = kind_of_day(each, hours.days)
        for window in hours.windows:
            if kind in window.days:
                last = each if window.end > window.begin else each + timedelta(days=1)
                nights.append(Span(_first(each, window.begin, zone_info), _first(last, window.end, zone_info)))
    merged: list[Span] = []
    for span in sorted(nights):
        if merged and span.begin < merged[-1].end:
            merged[-1] = Span(merged[-1].begin, max(merged[-1].end, span.end))
        elif span.end > span.begin:
            merged.append(span)
    return tuple(merged)


def _first(day: date, minute: int, zone_info: ZoneInfo) -> int:
    """Return the first instant at which the wall clock shows a minute of a day, or the next minute if the clocks skip
    it.
    """
    at = day_bounds(day, zone_info)[0]
    while (wall := local(at, zone_info)).date() == day and wall.hour * 60 + wall.minute < minute:
        at = next_wall_change(at, minute, zone_info)
    return at
