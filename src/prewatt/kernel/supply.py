"""This module says when a meter supplies: friendly hours, power limits, and what keeps its load switch open or closed
beside the credit.

It follows the disconnect control (class 70) and the limiter (class 71) of DLMS/COSEM's Blue Book. What people order is
in `kernel.orders`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from .calendar import SPECIAL, local, next_wall_change, zone
from .safety import KINDS
from .units import HOUR, INSTANT_MAX, INT64_MAX, Instant

_Natural = Annotated[int, Meta(ge=0, le=INT64_MAX)]
WATTS_MAX = 1_000_000
"""The highest power limit, W: more than any meter in a flat measures."""
Watts = Annotated[int, Meta(ge=0, le=WATTS_MAX)]
Zone = Annotated[str, Meta(max_length=64)]


class Window(Struct, frozen=True):
    """A part of a local day. `begin` and `end` are minutes since its midnight; the weekdays are 0 (Monday) to 6
    (Sunday), and 7 for a special day. If `end` is not after `begin`, it lies on the next day.
    """

    days: Annotated[tuple[Annotated[int, Meta(ge=0, le=SPECIAL)], ...], Meta(max_length=8)]
    begin: Annotated[int, Meta(ge=0, le=1439)]
    end: Annotated[int, Meta(ge=0, le=1440)]


class FriendlyHours(Struct, frozen=True):
    """The hours in which nobody is cut off for lack of credit: windows of the week, and whole `days` (ISO dates:
    holidays, days of frost or heat). A debt of more than `most` (nano; 0: any debt) cuts off all the same.
    """

    windows: Annotated[tuple[Window, ...], Meta(max_length=20)] = ()
    days: Annotated[tuple[Annotated[str, Meta(min_length=10, max_length=10)], ...], Meta(max_length=400)] = ()
    most: _Natural = 0


class PowerLimit(Struct, frozen=True):
    """The most power that may be drawn. `watts`: one limit for each hour of the local day (0: none), or none at all.

    It follows the limiter of DLMS/COSEM (class 71): `watts` is its `threshold_normal` (attribute 4), `delay` its
    `min_over_threshold_duration` (attribute 6).

    Over the limit for `delay` seconds, the supply trips; after `reclose_after` seconds it closes by itself, `recloses`
    times within an hour, and then waits for a person. `step` (W; 0: off): a resistive load of at least this power that
    appears at once is a forbidden load: the supply trips and waits for a person.
    """

    watts: Annotated[tuple[Watts, ...], Meta(max_length=24)] = ()
    delay: Annotated[int, Meta(ge=0, le=3600)] = 10
    reclose_after: Annotated[int, Meta(ge=5, le=86_400)] = 60
    recloses: Annotated[int, Meta(ge=0, le=100)] = 3
    step: Watts = 0

    def at(self, now: Instant, zone_name: str) -> Watts:
        """Return the limit at an instant, W; 0: no limit."""
        return self.watts[local(now, zone(zone_name)).hour % len(self.watts)] if self.watts else 0

    def next_change(self, now: Instant, zone_name: str) -> Instant:
        """Return the earliest instant after `now` at which the limit may change: the next full local hour. Without a
        limit, return `INSTANT_MAX`.
        """
        if not self.watts:
            return INSTANT_MAX
        zone_info = zone(zone_name)
        return next_wall_change(now, (local(now, zone_info).hour + 1) * 60, zone_info)


RECLOSE_WINDOW = HOUR
"""Trips that lie further apart than this (µs) are not counted together."""


def is_friendly(hours: FriendlyHours, zone_name: str, now: Instant) -> bool:
    """Return whether an instant lies in the friendly hours. `zone_name` is the name of the time zone."""
    wall = local(now, zone(zone_name))
    minute = wall.hour * 60 + wall.minute
    if wall.date().isoformat() in hours.days:
        return True
    days = (wall.date(), date.fromordinal(wall.date().toordinal() - 1))
    today, before = (kind_of_day(day, hours.days) for day in days)
    for window in hours.windows:
        overnight = window.end <= window.begin
        if today in window.days and minute >= window.begin and (overnight or minute < window.end):
            return True
        if overnight and before in window.days and minute < window.end:
            return True
    return False


def kind_of_day(day: date, special: tuple[str, ...]) -> int:
    """Return the number of a day's kind as `Window` counts it. `special`: ISO dates of the special days."""
    return SPECIAL if day.isoformat() in special else day.weekday()


def next_friendly_change(hours: FriendlyHours, zone_name: str, now: Instant) -> Instant:
    """Return the earliest instant after `now` at which `is_friendly` may change; it lies at most one day ahead."""
    zone_info = zone(zone_name)
    wall = local(now, zone_info)
    minute = wall.hour * 60 + wall.minute
    edges = sorted({edge for window in hours.windows for edge in (window.begin, window.end) if edge > minute} | {1440})
    return next_wall_change(now, edges[0], zone_info)


LOCKS = {
    "hold": "held open for work or safety",
    "overload": "tripped for overload, too often",
    "load": "tripped for a forbidden load",
    "tamper": "the meter was tampered with",
    **{code: f"tripped, as {kind.words} (a person has to switch on again)" for code, kind in KINDS.items()},
}
"""The reasons for which a switch stays open, whatever the credit, until a person releases it."""


class Night(Struct, frozen=True):
    """The state of the off hours (`kernel.off_hours`) that end at the instant `until`. `energy`: Wh used in them up to
    the last reading; `spent`: their allowance ended early, because the power was too high too often; `waived`: a person
    has switched on in them.
    """

    until: int = 0
    energy: int = 0
    spent: bool = False
    waived: bool = False


class SupplyState(Struct, frozen=True):
    """The state that keeps a load switch open, or closed without credit. Amounts are in nano, instants in µs.

    In the disconnect control of DLMS/COSEM (class 70, `control_state`, attribute 3), `locks` and `opened` are
    "disconnected"; a switch that waits to close again is "ready for reconnection".

    `opened`: a person ordered it open. `locks`: reasons of `LOCKS`. `cut_off`: open for lack of credit. `trips`: the
    number of trips that the flat caused, the last at `tripped_at`; `tripped`: waiting to close again. `emergency`,
    `grace`: how far the balance may go under zero; `grace_until` is the end of `grace`. `emergency_taken`: it cannot be
    taken again before the balance has been over zero. `limit`, `limit_until`: a power limit that was ordered.

    `unsafe`: kinds of limits (`kernel.safety`) that opened the switch until the values are right again. `off_hours`:
    open because of off hours. `night`: the latest off hours.

    `overtaken`: pairs of the identifier of a typed token and what was settled after it (`settles` in `kernel.orders`),
    by an order that was given before the token and arrived later.
    """

    opened: bool = False
    locks: tuple[str, ...] = ()
    cut_off: bool = False
    trips: int = 0
    tripped_at: int = 0
    tripped: bool = False
    emergency: int = 0
    emergency_taken: bool = False
    grace: int = 0
    grace_until: int = 0
    limit: int = 0
    limit_until: int = 0
    unsafe: tuple[str, ...] = ()
    off_hours: bool = False
    night: Night = Night()
    overtaken: tuple[tuple[int, str], ...] = ()
