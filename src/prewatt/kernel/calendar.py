"""This module knows local time: the rules of the zone, the kinds of day, and when the local wall clock changes next.

A local rule ("peak from 07:00") is read off the wall clock of the property. An instant therefore has exactly one rate,
also when the clocks change: the hour that comes twice in autumn is charged twice at the rate of its wall-clock time,
and the hour that is skipped in spring is never charged.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from .units import MINUTE, SECOND, Instant, instant, moment

DAY_KINDS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "special")
"""Names of the kinds of day, by index: the seven weekdays as `date.weekday()` counts them, then the special day."""
SPECIAL = 7


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the IANA time zone `name` from the pinned `tzdata` package. Raises ValueError if no zone has this name."""
    parts = name.split("/")
    if not all(part and part.replace("-", "").replace("_", "").replace("+", "").isalnum() for part in parts):
        raise ValueError(f"time zone {name!r} is not an IANA name such as Australia/Sydney")
    folder = resources.files("tzdata").joinpath("zoneinfo")
    try:
        with folder.joinpath(*parts).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError) as error:
        raise ValueError(f"time zone {name!r} is not an IANA name such as Australia/Sydney") from error


def local(at: Instant, zone_info: ZoneInfo) -> datetime:
    """Return the wall-clock time at an instant, as an aware datetime of the zone."""
    return moment(at).astimezone(zone_info)


def day_kind(day: date, special_days: frozenset[date]) -> int:
    """Return the index of a day's kind in `DAY_KINDS`. A special day is special whatever its weekday."""
    return SPECIAL if day in special_days else day.weekday()


def next_wall_change(at: Instant, minutes: int, zone_info: ZoneInfo) -> Instant:
    """Return the first instant after `at` at which the wall clock shows `minutes` past this local midnight, or jumps.

    `minutes` counts from the midnight before `at`. It must lie after the wall clock at `at`, and may be 1440 (the next
    midnight). If the clocks change before then, the instant of that change is returned, and the caller asks again.
    """
    wall = local(at, zone_info)
    since_midnight = wall.hour * 3600 + wall.minute * 60 + wall.second
    target = at + (minutes * 60 - since_midnight) * SECOND - wall.microsecond
    offset = wall.utcoffset()
    if local(target - 1, zone_info).utcoffset() == offset:
        return target
    low, high = at, target
    while high - low > 1:
        middle = (low + high) // 2
        if local(middle, zone_info).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def day_bounds(day: date, zone_info: ZoneInfo) -> tuple[int, int]:
    """Return the first instant of a local day and the first instant of the next day. They lie 23, 24 or 25 hours apart."""
    return _midnight(day, zone_info), _midnight(day + timedelta(days=1), zone_info)


@lru_cache(maxsize=256)
def _midnight(day: date, zone_info: ZoneInfo) -> int:
    # Where the clocks change at midnight the day may begin at 01:00: the first instant whose date is `day`.
    guess = instant(datetime(day.year, day.month, day.day, tzinfo=zone_info))
    while local(guess, zone_info).date() < day:
        guess += MINUTE
    while local(guess - 1, zone_info).date() >= day and guess > 0:
        guess -= MINUTE
    return guess


def next_month(day: date) -> date:
    """Return the first day of the month after the month of `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def local_day(at: Instant, zone_info: ZoneInfo) -> date:
    """Return the local date at an instant."""
    return local(at, zone_info).date()
