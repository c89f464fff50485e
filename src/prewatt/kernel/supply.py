"""When a meter supplies: friendly hours, power limits, and what keeps its load switch open or closed beside the credit.

After the disconnect control (class 70) and the limiter (class 71) of DLMS/COSEM's Blue Book, each rule at its place. What
people order is in `kernel.orders`.
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
"""Highest power limit, W: more than any meter in a flat measures."""
Watts = Annotated[int, Meta(ge=0, le=WATTS_MAX)]
Zone = Annotated[str, Meta(max_length=64)]


class Window(Struct, frozen=True):
    """A span of a local day, in minutes since its midnight, on weekdays (0 Monday to 6 Sunday, 7 a special day). An
    `end` that is not after `begin` is on the day after.
    """

    days: Annotated[tuple[Annotated[int, Meta(ge=0, le=SPECIAL)], ...], Meta(max_length=8)]
    begin: Annotated[int, Meta(ge=0, le=1439)]
    end: Annotated[int, Meta(ge=0, le=1440)]


class FriendlyHours(Struct, frozen=True):
    """When nobody is cut off for want of credit: windows of the week, and `days` (ISO dates: holidays, days of frost or
    heat) as a whole. A debt of more than `most` (nano; 0: any) cuts off all the same.
    """

    windows: Annotated[tuple[Window, ...], Meta(max_length=20)] = ()
    days: Annotated[tuple[Annotated[str, Meta(min_length=10, max_length=10)], ...], Meta(max_length=400)] = ()
    most: _Natural = 0


class PowerLimit(Struct, frozen=True):
    """The most power that may be drawn. `watts`: one limit for each hour of the local day (0: none), or none at all.

    It follows the limiter of DLMS/COSEM (class 71): `watts` is its `threshold_normal` (attribute 4), `delay` its
    `min_over_threshold_duration` (attribute 6).

    Over the limit for `delay` seconds, the supply trips; after `reclose_after` seconds it closes by itself, `recloses`
    times within an hour, and then waits for a person. `step` (W; 0: off): a load that appears at once, resistive and at
    least so large, is taken for one that is forbidden: the supply trips and waits for a person.
    """

    watts: Annotated[tuple[Watts, ...], Meta(max_length=24)] = ()
    delay: Annotated[int, Meta(ge=0, le=3600)] = 10
    reclose_after: Annotated[int, Meta(ge=5, le=86_400)] = 60
    recloses: Annotated[int, Meta(ge=0, le=100)] = 3
    step: Watts = 0

    def at(self, now: Instant, where: str) -> Watts:
        """The limit at an instant, W; 0: none."""
        return self.watts[local(now, zone(where)).hour % len(self.watts)] if self.watts else 0

    def next_change(self, now: Instant, where: str) -> Instant:
        """The earliest instant after `now` at which the limit may change: the next full local hour. `INSTANT_MAX` without one."""
        if not self.watts:
            return INSTANT_MAX
        there = zone(where)
        return next_wall_change(now, (local(now, there).hour + 1) * 60, there)


RECLOSE_WINDOW = HOUR
"""Trips that lie further apart than this (µs) are not counted together."""


def is_friendly(hours: FriendlyHours, where: str, now: Instant) -> bool:
    """Whether an instant lies in the friendly hours of a zone."""
    wall = local(now, zone(where))
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
    """What a `Window` calls a day, if the ISO dates of `special` are special days."""
    return SPECIAL if day.isoformat() in special else day.weekday()


def next_friendly_change(hours: FriendlyHours, where: str, now: Instant) -> Instant:
    """The earliest instant after `now` at which `is_friendly` may change; at most one day ahead."""
    there = zone(where)
    wall = local(now, there)
    minute = wall.hour * 60 + wall.minute
    edges = sorted({edge for window in hours.windows for edge in (window.begin, window.end) if edge > minute} | {1440})
    return next_wall_change(now, edges[0], there)


LOCKS = {
    "hold": "held open for work or safety",
    "overload": "tripped for overload, too often",
    "load": "tripped for a forbidden load",
    "tamper": "the meter was tampered with",
    **{code: f"tripped, as {kind.words} (a person has to switch on again)" for code, kind in KINDS.items()},
}
"""Why a switch stays open whatever the credit, until a person says otherwise."""


class Night(Struct, frozen=True):
    """What happened in off hours (`kernel.off_hours`) that end at the instant `until`. `energy`: Wh used in them up to the last
    reading; `spent`: too much power was drawn too often, so that nothing is left of them; `waived`: a person switched on.
    """

    until: int = 0
    energy: int = 0
    spent: bool = False
    waived: bool = False


class SupplyState(Struct, frozen=True):
    """What keeps a load switch open, and what keeps it closed without credit. Amounts in nano, instants in µs.

    To the disconnect control of DLMS/COSEM (class 70, `control_state`, attribute 3) `locks` and `opened` are
    "disconnected", what waits to close again is "ready for reconnection".

    `opened`: told to open by a person. `locks`: of `LOCKS`. `cut_off`: open for want of credit. `trips`: for what the
    flat causes, the last at `tripped_at`; `tripped`: waiting to close again. `emergency`, `grace`: how far the balance may go under
    zero; `grace_until` bounds the latter; `emergency_taken`: not to be taken again before the balance was over zero.
    `limit`, `limit_until`: a power limit by order.

    `unsafe`: kinds of limits (`kernel.safety`) that opened the switch until what is measured is right again. `off_hours`:
    open since off hours. `night`: those that were last looked at.

    `overtaken`: identifiers of typed codes, and what of each (`settles` in `kernel.orders`) was settled anew since by an
    order that was given before it, but came later, by the network.
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
