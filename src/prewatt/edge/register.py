"""The rules that read one meter's register: it is charged, doubted until readings agree, or counted from a new base,
and people are told if it is wrong for long. Logic without I/O; `kernel.register` says what an account makes of it.
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

SETTLED_BY_AGREEMENT = frozenset((JUMPED, FALLEN, RETURNED, UNCONFIRMED))
"""Causes of a doubt that end when enough readings agree."""
DOUBTED_FOR = HOUR
BACK_FOR = DAY
STILL_FOR = 14 * DAY
"""After this time (µs) people are told of a register that cannot be true, is lower than before, or does not move."""


class MeterPolicy(Struct, frozen=True):
    """How closely a meter is watched.

    `reading_interval` (µs): a reading is journalled at each multiple of it, and at each change of the rate.
    `poll_shortest` (µs): the shortest time between two readings, except for a register that cannot be true. A meter is
    read again before its credit could be used up at the power of its fuse, so the balance overshoots zero by no more
    than `poll_shortest` at that power.
    """

    reading_interval: int = 15 * MINUTE
    poll_shortest: int = MINUTE


class _Lasting(NamedTuple):
    """Something that is wrong with a register for some time. `since`: when it began, by the journal; `earlier`: whether
    that was before this process first saw it; `seen`: when it began by the gateway's own time, which shifts when that
    is set.
    """

    since: int
    earlier: bool
    seen: int

    @property
    def began(self) -> int:
        """Return when it began: by the gateway's own time if this process saw it begin, else by the journal where that
        is not ahead.
        """
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
        self._reported_codes: set[str] = set()
        self._journalled_at = INSTANT_MAX

    def _go_on_from(self, account: Account, head: bytes) -> None:
        super()._go_on_from(account, head)
        self._candidate, self._agreeing, self._reported_codes, self._measured = None, 0, set(), {}

    def clock_set(self, by: int) -> None:
        """Shift the instants that this process has measured by `by` µs, because the gateway's time was set."""
        self._journalled_at += by if self._journalled_at < INSTANT_MAX else 0
        last = self._candidate
        self._candidate = last and Doubt(last.register, last.at + by, last.since + by, last.cause)
        self._bounds.clock_set(by)
        self._measured = {code: each._replace(seen=each.seen + by) for code, each in self._measured.items()}

    def _believed(self, now: int, observed: Observed, outcome: Outcome) -> Reading | None:
        """Return the reading to charge for a register; None if the register cannot be true. What must be said about it
        goes into `outcome`.
        """
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
        settled = self._agreeing >= account.settings.doubtful_readings and seen.cause in SETTLED_BY_AGREEMENT
        if not self._journal_doubt(now, register, seen, settled, outcome) or not settled:
            return None
        return self._agreed(now, observed, seen.cause, outcome)

    def _journal_doubt(self, now: int, register: int, seen: Doubtful, settled: bool, outcome: Outcome) -> bool:
        """Journal a doubt if it is new. Returns False if it must not be journalled, because doubts come and go without
        end. `settled`: enough readings agree.
        """
        doubt = self.account.doubt
        # Impossible values without end must not fill the flash.
        worth = doubt is None or settled or now - doubt.at >= self.policy.reading_interval
        differs = doubt is None or seen.cause != doubt.cause or not self._follows(doubt, now, register)
        if (settled or (worth and differs)) and not self._may_say(outcome, now, EventKind.REGISTER_DOUBTFUL):
            return False
        if worth and differs:
            self._append(outcome, seen)
        return True

    def _agreed(self, now: int, observed: Observed, cause: str, outcome: Outcome) -> Reading | None:
        """Return the reading to charge, now that enough readings agree on a register that was doubted for `cause`."""
        account, register = self.account, observed.register
        if cause != UNCONFIRMED:
            self._append(outcome, account.rebase(now, register, observed.end))
            seen = account.read(now, register, observed.end)
            if isinstance(seen, Doubtful) and seen.cause == UNCONFIRMED:
                # The register is back after a long time. The readings that agree on that agree on this energy, too.
                self._append(outcome, seen)
        self._candidate, self._agreeing = None, 0
        reading = account.read(now, register, observed.end, confirmed=True)
        return reading if isinstance(reading, Reading) else None

    def _while_ahead(self, now: int, seen: Reading, stood: bool) -> Reading | Doubtful:
        """Return the entry for a reading while the journal is ahead of the time. The journal cannot tell how much time
        has passed; this process can, if it has read the meter before.
        """
        account = self.account
        if seen.energy > self._most(now):
            if self._has_read(now):
                return account.doubted(now, seen.register, JUMPED)
            return seen if stood else account.doubted(now, seen.register, UNSEEN)
        alone = most(account.settings.power_highest, ALONE_FOR)
        return account.doubted(now, seen.register, UNCONFIRMED) if seen.energy > alone else seen

    def _most(self, now: int) -> int:
        """Return the most Wh that can have flowed since the last journalled reading, by the gateway's own time."""
        since = self._journalled_at if self._has_read(now) else now
        return most(self.account.settings.power_highest, now - since)

    def _has_read(self, now: int) -> bool:
        """Return whether this process has journalled a reading, and its time was not set back since."""
        return self._journalled_at <= now

    def _stood(self, now: int, register: int) -> bool:
        """Return whether readings have agreed for so long that nobody will come who knows the time."""
        last = self._candidate
        return last is not None and now - last.since >= OFF_WAIT and self._follows(last, now, register)

    def _follows(self, doubt: Doubt, now: int, register: int) -> bool:
        return agrees(doubt, register, now, self.account.settings.power_highest)

    def _count(self, now: int, register: int) -> None:
        """Count how many readings in a row agree."""
        last = self._candidate
        agreeing = last is not None and self._follows(last, now, register)
        self._agreeing = self._agreeing + 1 if agreeing else 1
        self._candidate = Doubt(register, now, last.since if last is not None and agreeing else now, "")

    def _watch_register(self, now: int, observed: Observed, outcome: Outcome) -> None:
        """Journal once that a register has been wrong for long."""
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
                self._reported_codes.discard(code)
                if not since:
                    continue
                lasting = self._measured[code] = _Lasting(since, since < now, now)
            if now - lasting.began >= lasts and code not in self._reported_codes:
                self._reported_codes.add(code)
                self._append(outcome, account.event(now, code, f"it stands at {observed.register} Wh"))

    def _next_reading(self, now: int) -> int:
        """Return when (µs) the next reading must be journalled."""
        account, interval = self.account, self.policy.reading_interval
        if account.read_at > now:
            # The journal is ahead of the time: its hours stand still, and readings go on.
            return self._journalled_at + interval if self._has_read(now) else now
        if self._plan.reading is None:
            due = (account.read_at // interval + 1) * interval
            self._plan.reading = min(due, account.next_boundary(), account.next_night())
        return self._plan.reading
