"""What one meter's register is taken for: charged, doubted until readings agree, or counted from elsewhere; and who is told
where it is wrong for long. Logic without I/O; `kernel.register` says what an account makes of it.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from ..kernel.account import Account
from ..kernel.entries import Doubtful, Reading
from ..kernel.events import EventKind
from ..kernel.plausible import (
    ALONE_FOR,
    BACKWARDS,
    FALLEN,
    JUMPED,
    OFF_WAIT,
    RETURNED,
    UNCONFIRMED,
    UNSEEN,
    Doubt,
    agrees,
    most,
)
from ..kernel.units import DAY, HOUR, INSTANT_MAX, MINUTE
from .journalling import Journalling, Outcome
from .observed import Observed

DOUBTED_FOR = HOUR
BACK_FOR = DAY
STILL_FOR = 14 * DAY
"""After so long somebody is told of a register that can't be true, stands under what it was, or does not move."""


class MeterPolicy(Struct, frozen=True):
    """How closely a meter is watched.

    `reading_interval` (µs): a reading is journalled at each multiple of it, and at each change of the rate.
    `poll_shortest` (µs): the meter is not read more often than this, but for a register that can't be true. A meter is
    read again no later than its credit could be exhausted at the power of its fuse, so a balance overshoots zero by no
    more than `poll_shortest` at that power.
    """

    reading_interval: int = 15 * MINUTE
    poll_shortest: int = MINUTE


class _Lasting(NamedTuple):
    """Something that is wrong with a register: `since` when by the journal, whether that was `earlier` than this process
    first saw it, and when that was by the gateway's own time (`seen`), which goes with it when it is set.
    """

    since: int
    earlier: bool
    seen: int

    @property
    def began(self) -> int:
        """Since when it lasts: what began in this process by its own time, else by the journal where that is not ahead."""
        return min(self.since, self.seen) if self.earlier else self.seen


class RegisterRules(Journalling):
    """The part of a meter's rules that reads its register."""

    def __init__(self, account: Account, head: bytes, policy: MeterPolicy) -> None:
        super().__init__(account, head)
        self.policy = policy
        # What was read last that can't be true, and how many readings in a row agree on it.
        self._candidate: Doubt | None = None
        self._agreeing = 0
        # What is wrong with the register, and of what of it somebody was told.
        self._measured: dict[str, _Lasting] = {}
        self._told: set[str] = set()
        self._journalled_at = INSTANT_MAX

    def _go_on_from(self, account: Account, head: bytes) -> None:
        super()._go_on_from(account, head)
        self._candidate, self._agreeing, self._told, self._measured = None, 0, set(), {}

    def clock_set(self, by: int) -> None:
        """The gateway's time was set by so many µs: what this process has measured by it goes with it."""
        self._journalled_at += by if self._journalled_at < INSTANT_MAX else 0
        last = self._candidate
        self._candidate = last and Doubt(last.register, last.at + by, last.since + by, last.cause)
        self._bounds.clock_set(by)
        self._measured = {code: each._replace(seen=each.seen + by) for code, each in self._measured.items()}

    def _believed(self, now: int, observed: Observed, outcome: Outcome) -> Reading | None:
        """What is to be charged for a register; None if it can't be true. What is to be said of that goes into `outcome`."""
        account, register = self.account, observed.register
        stood = self._stood(now, register)
        seen = account.read(now, register, observed.end, unseen=stood)
        if isinstance(seen, Reading) and now < account.at:
            seen = self._while_ahead(now, seen, stood)
        if isinstance(seen, Reading):
            self._candidate, self._agreeing = None, 0
            return seen
        if seen.cause == BACKWARDS:
            # It stands under what was charged: nothing flows back, and the next watt-hours are paid already.
            self._candidate, self._agreeing = None, 0
            if not account.back_since or now >= self._next_reading(now):
                self._append(outcome, seen)
            return account.hold(now)
        self._count(now, register)
        doubt, enough = account.doubt, account.settings.doubtful_readings
        settled = self._agreeing >= enough and seen.cause in (JUMPED, FALLEN, RETURNED, UNCONFIRMED)
        # Nonsense without end does not fill the flash.
        worth = doubt is None or settled or now - doubt.at >= self.policy.reading_interval
        differs = doubt is None or seen.cause != doubt.cause or not self._follows(doubt, now, register)
        if (settled or (worth and differs)) and not self._may_say(outcome, now, EventKind.REGISTER_DOUBTFUL):
            return None
        if worth and differs:
            self._append(outcome, seen)
        if not settled:
            return None
        if seen.cause != UNCONFIRMED:
            self._append(outcome, account.rebase(now, register))
            seen = account.read(now, register, observed.end)
            if isinstance(seen, Doubtful) and seen.cause == UNCONFIRMED:
                # It is back after a long time: those that agreed that it is agree on this too.
                self._append(outcome, seen)
        self._candidate, self._agreeing = None, 0
        right = account.read(now, register, observed.end, confirmed=True)
        return right if isinstance(right, Reading) else None

    def _while_ahead(self, now: int, seen: Reading, stood: bool) -> Reading | Doubtful:
        """The journal is ahead of the time, and can't tell how much of it passed: here that is known, if this process has
        read the meter before.
        """
        account = self.account
        if seen.energy > self._most(now):
            if self._has_read(now):
                return account.doubted(now, seen.register, JUMPED)
            return seen if stood else account.doubted(now, seen.register, UNSEEN)
        alone = most(account.settings.power_highest, ALONE_FOR)
        return account.doubted(now, seen.register, UNCONFIRMED) if seen.energy > alone else seen

    def _most(self, now: int) -> int:
        """Most Wh since the last reading that was journalled, by the gateway's own time."""
        since = self._journalled_at if self._has_read(now) else now
        return most(self.account.settings.power_highest, now - since)

    def _has_read(self, now: int) -> bool:
        """Whether this process has journalled a reading, and its time was not set back since."""
        return self._journalled_at <= now

    def _stood(self, now: int, register: int) -> bool:
        """Whether readings have agreed with one another for so long that nobody will come who knows the time."""
        last = self._candidate
        return last is not None and now - last.since >= OFF_WAIT and self._follows(last, now, register)

    def _follows(self, doubt: Doubt, now: int, register: int) -> bool:
        return agrees(doubt, register, now, self.account.settings.power_highest)

    def _count(self, now: int, register: int) -> None:
        """How many readings in a row agree with one another."""
        last = self._candidate
        agreeing = last is not None and self._follows(last, now, register)
        self._agreeing = self._agreeing + 1 if agreeing else 1
        self._candidate = Doubt(register, now, last.since if last is not None and agreeing else now, "")

    def _watch_register(self, now: int, observed: Observed, outcome: Outcome) -> None:
        """Tell once of a register that is wrong for long."""
        account = self.account
        supplied = account.closed is not False and observed.closed is not False
        for code, since, lasts in (
            (EventKind.REGISTER_DOUBTFUL, account.doubt.since if account.doubt else 0, DOUBTED_FOR),
            (EventKind.REGISTER_BACKWARDS, account.back_since, BACK_FOR),
            (EventKind.REGISTER_STILL, account.moved_at if supplied and account.moved_at <= now else 0, STILL_FOR),
        ):
            lasting = self._measured.get(code)
            if lasting is None or lasting.since != since:
                self._measured.pop(code, None)
                self._told.discard(code)
                if not since:
                    continue
                lasting = self._measured[code] = _Lasting(since, since < now, now)
            if now - lasting.began >= lasts and code not in self._told:
                self._told.add(code)
                self._append(outcome, account.event(now, code, f"it stands at {observed.register} Wh"))

    def _next_reading(self, now: int) -> int:
        """When a reading is to be journalled next."""
        account, interval = self.account, self.policy.reading_interval
        if account.read_at > now:
            # The journal is ahead of the time: its hours stand still, and readings go on.
            return self._journalled_at + interval if self._has_read(now) else now
        if self._plan.reading is None:
            due = (account.read_at // interval + 1) * interval
            self._plan.reading = min(due, account.next_boundary(), account.next_night())
        return self._plan.reading
