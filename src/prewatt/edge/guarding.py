"""This module guards a meter against excess power, forbidden loads, other dangers to electricity safety, and tampering.
Logic without I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..kernel.account import Account
from ..kernel.events import EventKind
from ..kernel.quantities import Quantity
from ..kernel.safety import KINDS, Limit, in_words
from ..kernel.supply import RECLOSE_WINDOW
from ..kernel.units import MINUTE, SECOND
from .observed import Observed

STEP_WITHIN = 2 * MINUTE
"""Two readings of the power that are further apart than this (µs) do not show a step."""
RESISTIVE = 10
"""A step is resistive if its reactive part is at most one in this many."""
READINGS = 2
"""A limit counts as passed after this many readings in a row, because a single value may be an error."""
RIGHT_FOR = 15 * MINUTE
"""After a disturbance from the grid that returns again and again, the values must be right for so long (µs) before the
supply returns.
"""


class Tell(Protocol):
    """A function that puts an event into the journal, where it takes effect at once. `bounded`: the event may come and
    go without end, and is left out when it does. It returns whether the event was journalled.
    """

    def __call__(self, kind: EventKind, detail: str = "", *, bounded: bool = False) -> bool: ...


@dataclass(slots=True)
class _Passed:
    """A limit that the readings pass: since when (`since`), in how many `readings`, and whether that `is_told`."""

    since: int
    readings: int = 0
    is_told: bool = False


class Guard:
    """The guard of one meter. `tripped`: the last trip by the gateway's own time (µs), 0 if there was none."""

    def __init__(self) -> None:
        self.tripped = 0
        self._trips = 0
        # Trips over the limit that holds by day too, of those in a row.
        self._by_day = 0
        # Trips by what comes from the grid within an hour, and when the last was.
        self._grid, self._grid_at = 0, 0
        self._over_since: int | None = None
        self._seen: tuple[int, int, int] | None = None
        self._tampered = False
        self._passed: dict[Limit, _Passed] = {}
        # Since when each kind of limit that opened the switch has been right again.
        self._right: dict[str, int] = {}

    def adopt(self) -> None:
        """Begin again, because the meter continues from another state: its journal must be told of everything again."""
        self._tampered = False
        self._passed.clear()

    def silent(self) -> None:
        """Note that the meter does not answer, so nobody knows whether a limit is still passed or kept again."""
        self._over_since = self._seen = None
        if self._passed:
            self._passed = {limit: passed for limit, passed in self._passed.items() if passed.is_told}
        self._right.clear()

    def clock_set(self, by: int) -> None:
        """Shift the stored instants by `by` µs, because the gateway's time was set."""
        self.tripped += by if self.tripped else 0
        self._grid_at += by if self._grid_at else 0
        self._over_since = self._over_since + by if self._over_since is not None else None
        self._seen = None
        for passed in self._passed.values():
            passed.since += by
        self._right = {code: since + by for code, since in self._right.items()}

    def look(self, now: int, account: Account, observed: Observed, tell: Tell) -> None:
        """Judge a reading of the meter at `now`."""
        self._look_at_cover(account, observed, tell)
        self._look_for_right(now, account, observed, tell)
        self._look_at_limits(now, account, observed, tell)
        if observed.power is None or account.closed is False or observed.closed is False:
            self._over_since = self._seen = None
            return
        if not self._is_forbidden(now, account, observed.power, observed.reactive, tell):
            self._look_at_power(now, account, observed.power, tell)

    def _look_at_cover(self, account: Account, observed: Observed, tell: Tell) -> None:
        if observed.tampered and not self._tampered:
            locks = account.settings.tamper_locks and "tamper" not in account.supply.locks
            tell(EventKind.TAMPER, bounded=not locks)
        self._tampered = observed.tampered

    def _is_forbidden(self, now: int, account: Account, power: int, reactive: int | None, tell: Tell) -> bool:
        """Return whether a large resistive load has appeared at once. A heating wire or a cooker draws active power and
        almost no reactive power; a motor draws both.
        """
        least, seen = account.settings.power.step, self._seen
        if not least or reactive is None:
            return False
        self._seen = (now, power, reactive)
        if seen is None or now - seen[0] > STEP_WITHIN:
            return False
        step = power - seen[1]
        if step < least or abs(reactive - seen[2]) * RESISTIVE > step:
            return False
        tell(EventKind.FORBIDDEN_LOAD, f"{step} W at once")
        return True

    def _look_at_power(self, now: int, account: Account, power: int, tell: Tell) -> None:
        rules, limit = account.settings.power, account.power_limit(now)
        if not limit or power <= limit:
            self._over_since = None
        elif self._over_since is None and rules.delay:
            self._over_since = now
        elif now - (self._over_since or now) >= rules.delay * SECOND:
            self._over_since = None
            self._trip(now, account, power, limit, tell)

    def _trip(self, now: int, account: Account, power: int, limit: int, tell: Tell) -> None:
        """Switch off because the power was over its limit (W) for too long; after too many trips in a row, for good."""
        rules, usual = account.settings.power, account.usual_limit(now)
        self._by_day = self._by_day if now - self.tripped <= RECLOSE_WINDOW else 0
        self._by_day += bool(usual and power > usual)
        self._count(now)
        tell(EventKind.OVERLOAD, f"{power} W, the limit is {limit} W")
        if self._trips_in_a_row(now, account) > rules.recloses:
            at_night = account.settings.off_hours.watts and account.night(now) is not None
            # Who exceeds what is left at night needs nobody in the morning.
            tell(
                EventKind.ALLOWANCE_SPENT if at_night and self._by_day <= rules.recloses else EventKind.OVERLOAD_LOCKED
            )

    def _look_at_limits(self, now: int, account: Account, observed: Observed, tell: Tell) -> None:
        """Find the limits that are passed, and for how long, and do what follows."""
        if not account.settings.limits and not self._passed:
            return
        limits = [limit for limit in account.settings.limits if limit.code in KINDS]
        self._passed = {limit: passed for limit, passed in self._passed.items() if limit in limits}
        for limit in limits:
            if not (limit.trip and _holds_off(limit, account)):
                self._look_at_limit(now, account, limit, observed, tell)

    def _look_at_limit(self, now: int, account: Account, limit: Limit, observed: Observed, tell: Tell) -> None:
        """Find out whether a limit is passed, for how long, or no longer, and do what follows."""
        value, passed = _value(limit, account, observed), self._passed.get(limit)
        if value is not None and limit.is_passed(value[0]):
            passed = self._passed.setdefault(limit, _Passed(now))
            passed.readings += 1
            if not passed.is_told and passed.readings >= READINGS and now - passed.since >= limit.delay * SECOND:
                passed.is_told = True
                self._follow(now, account, limit, value, tell)
        elif passed is not None and not passed.is_told:
            del self._passed[limit]
        elif passed is not None and value is not None and limit.is_right(value[0]):
            del self._passed[limit]
            if not _holds_off(limit, account):
                tell(EventKind.WITHIN_LIMITS, limit.code, bounded=True)

    def _follow(self, now: int, account: Account, limit: Limit, value: tuple[int, Quantity], tell: Tell) -> None:
        """Report a limit that was passed for long enough, and trip if the limit says so."""
        detail = in_words(*value, limit)
        if not limit.trip:
            tell(EventKind(limit.event), detail, bounded=True)
            return
        del self._passed[limit]
        if KINDS[limit.code].outside:
            # Nobody in the flat can mend it, so that it never waits for a person by itself.
            if now > self._grid_at:
                self._grid = self._grid + 1 if now - self._grid_at <= RECLOSE_WINDOW else 1
                self._grid_at = now
            tell(EventKind(limit.event), detail)
            return
        self._count(now)
        tell(EventKind(limit.event), detail)
        again = self._trips_in_a_row(now, account) > account.settings.power.recloses
        if again and limit.code in account.supply.unsafe:
            tell(EventKind.LIMIT_LOCKED, limit.code)

    def _look_for_right(self, now: int, account: Account, observed: Observed, tell: Tell) -> None:
        """Let the supply return if the values that opened the switch have been right for long enough. A value that a
        meter does not report is no reason to leave anybody in the dark.
        """
        if not account.supply.unsafe and not self._right:
            return
        self._right = {code: since for code, since in self._right.items() if code in account.supply.unsafe}
        for code in account.supply.unsafe:
            if not _is_right(code, account, observed):
                self._right.pop(code, None)
            elif now - self._right.setdefault(code, now) >= self._right_for(now, code, account):
                del self._right[code]
                tell(EventKind.WITHIN_LIMITS, code)

    def _right_for(self, now: int, code: str, account: Account) -> int:
        """Return for how long (µs) values must be right until the supply returns after a limit of the kind `code`."""
        rules = account.settings.power
        wait = rules.reclose_after * SECOND
        if KINDS[code].outside and self._grid > rules.recloses and now - self._grid_at <= RECLOSE_WINDOW:
            return max(wait, RIGHT_FOR)
        return wait

    def _count(self, now: int) -> None:
        """Count a trip that the flat has caused. Two at the same instant count once."""
        if now > self.tripped:
            self._trips = self._trips + 1 if now - self.tripped <= RECLOSE_WINDOW else 1
            self.tripped = now

    def _trips_in_a_row(self, now: int, account: Account) -> int:
        """Return the number of trips within an hour. In a journal that is ahead of the time, trips of many days count
        as of one hour.
        """
        trips = account.supply.trips
        return trips if now >= account.at else min(trips, self._trips)

    def watch(self, now: int, account: Account, shortest: int) -> int | None:
        """Return in how many µs the meter must be read again at the latest; None if nothing needs to be watched.
        `shortest`: the shortest time (µs) between two readings while nothing is wrong.
        """
        rules, soon = account.settings.power, list[int]()
        if account.supply.unsafe:
            soon.append(rules.reclose_after * SECOND)
        if account.closed is not False:
            soon += [each.delay * SECOND for each, passed in self._passed.items() if not passed.is_told]
            if account.settings.limits:
                soon.append(shortest)
            if rules.step or account.power_limit(now):
                soon.append(rules.delay * SECOND if self._over_since is not None or rules.step else shortest)
        return max(min(*soon, shortest), SECOND) if soon else None


def _holds_off(limit: Limit, account: Account) -> bool:
    """Return whether a limit of this kind has opened the switch, and still keeps it open."""
    return limit.code in account.supply.unsafe or limit.code in account.supply.locks


def _is_right(code: str, account: Account, observed: Observed) -> bool:
    """Return whether no reported value keeps the supply off by a limit of the kind `code`."""
    for limit in account.settings.limits:
        if limit.code == code and limit.trip:
            value = _value(limit, account, observed)
            if value is not None and not limit.is_right(value[0]):
                return False
    return True


def _value(limit: Limit, account: Account, observed: Observed) -> tuple[int, Quantity] | None:
    """Return the value by which a limit is judged, and its quantity; None if the meter does not report it."""
    if KINDS[limit.code].loaded and (account.closed is False or observed.closed is False):
        return None
    return limit.worst(observed.quantities, observed.power)
