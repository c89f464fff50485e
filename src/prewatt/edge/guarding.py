"""What a meter is guarded against: power over its limit, a forbidden load, tampering. Logic without I/O."""

from __future__ import annotations

from typing import Protocol

from ..kernel.account import Account
from ..kernel.supply import RECLOSE_WINDOW
from ..kernel.units import MINUTE, SECOND
from .observed import Observed

STEP_WITHIN = 2 * MINUTE
"""Two readings of the power further apart than this show no step."""
RESISTIVE = 10
"""A step is resistive if its reactive part is at most one in so many."""


class Tell(Protocol):
    """Puts an event into the journal, which takes its effect at once. `bounded`: it may come and go without end, and is left
    out once it does; whether it was journalled.
    """

    def __call__(self, code: str, detail: str = "", *, bounded: bool = False) -> bool: ...


class Guard:
    """Looks at one meter's readings. `tripped`: when it tripped last by the gateway's own time, 0 if it has not."""

    def __init__(self) -> None:
        self.tripped = 0
        self._trips = 0
        self._over_since: int | None = None
        self._seen: tuple[int, int, int] | None = None
        self._tampered = False

    def adopt(self) -> None:
        """The meter goes on from another state: what its journal was told is to be told again."""
        self._tampered = False

    def clock_set(self, by: int) -> None:
        """The gateway's time was set by so many µs: what was measured by it goes with it."""
        self.tripped += by if self.tripped else 0
        self._over_since = self._over_since + by if self._over_since is not None else None
        self._seen = None

    def look(self, now: int, account: Account, observed: Observed, tell: Tell) -> None:
        """The meter was read at `now`."""
        self._look_at_cover(account, observed, tell)
        if observed.power is None or account.closed is False or observed.closed is False:
            self._over_since = self._seen = None
            return
        if not self._is_forbidden(now, account, observed.power, observed.reactive, tell):
            self._look_at_power(now, account, observed.power, tell)

    def _look_at_cover(self, account: Account, observed: Observed, tell: Tell) -> None:
        if observed.tampered and not self._tampered:
            locks = account.settings.tamper_locks and "tamper" not in account.supply.locks
            tell("tamper", bounded=not locks)
        self._tampered = observed.tampered

    def _is_forbidden(self, now: int, account: Account, power: int, reactive: int | None, tell: Tell) -> bool:
        """Whether a large load has appeared at once that is resistive: a heating wire or a cooker draws power and next to
        nothing beside it; a motor does not.
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
        tell("forbidden-load", f"{step} W at once")
        return True

    def _look_at_power(self, now: int, account: Account, power: int, tell: Tell) -> None:
        rules, limit = account.settings.power, account.power_limit(now)
        if not limit or power <= limit:
            self._over_since = None
        elif self._over_since is None and rules.delay:
            self._over_since = now
        elif now - (self._over_since or now) >= rules.delay * SECOND:
            self._over_since = None
            self._count(now)
            tell("overload", f"{power} W, the limit is {limit} W")
            if self._trips_in_a_row(now, account) > rules.recloses:
                tell("overload-locked")

    def _count(self, now: int) -> None:
        self._trips = self._trips + 1 if now - self.tripped <= RECLOSE_WINDOW else 1
        self.tripped = now

    def _trips_in_a_row(self, now: int, account: Account) -> int:
        """Trips within an hour. In a journal that is ahead of the time those of many days count as of one hour."""
        trips = account.supply.trips
        return trips if now >= account.at else min(trips, self._trips)

    def watch(self, now: int, account: Account, shortest: int) -> int | None:
        """In how many µs to look again at the latest; None if nothing has to be watched. A limit is only as good as it is
        looked after. `shortest`: how often a meter is read at most, where nothing is wrong.
        """
        rules = account.settings.power
        if account.closed is False or not (rules.step or account.power_limit(now)):
            return None
        soon = rules.delay * SECOND if self._over_since is not None or rules.step else shortest
        return max(min(soon, shortest), SECOND)
