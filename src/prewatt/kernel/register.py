"""This module decides what a register says: which entry a reading becomes, what it charges, and where energy counts
from.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .entries import (
    FLAG_BETWEEN,
    FLAG_CLOCK,
    FLAG_CONFIRMED,
    FLAG_HELD,
    FLAG_UNSEEN,
    MAX_ENTRY,
    MAX_USED,
    Doubtful,
    Reading,
    Rebased,
    encode_entry,
)
from .plausible import (
    FALLEN,
    JUMPED,
    NO_VALUE,
    NO_VALUES,
    OFF_WAIT,
    RETURNED,
    TRUE,
    UNCONFIRMED,
    UNSEEN,
    Below,
    Former,
    Verdict,
    agrees,
    is_enough,
    judge,
    most,
    returned,
)
from .replay import Replay
from .units import BALANCE_MAX, DAY, INT64_MAX, REGISTER_MAX, Instant, Wh

LONGEST = 10 * DAY
"""The longest time that one reading may cover, in µs."""


def _fits(reading: Reading) -> bool:
    """Return whether the entry can be decoded again: it has not too many prices and not too many bytes."""
    return len(reading.used) <= MAX_USED and len(encode_entry(reading)) <= MAX_ENTRY


class Registers(Replay):
    """The part of an account that turns readings of the register into entries."""

    def judge(self, at: Instant, register: Wh, end: int = 0) -> Verdict:
        """Judge a register (Wh) that was read at the instant `at`. `end` is the register (Wh) at which the counter
        rolls over to zero, 0 if unknown.
        """
        base = self.base
        if base is None:
            return Verdict(TRUE if 0 <= register <= REGISTER_MAX and register not in NO_VALUES else NO_VALUE, 0)
        return judge(
            base,
            register,
            at,
            self.settings.power_highest,
            end=end,
            below=Below(self.back_since or base.at, self.under),
            gap=self.unsure_at if self.unsure else None,
            formers=self.formers,
        )

    def read(
        self, now: Instant, register: Wh, end: int = 0, unseen: bool = False, confirmed: bool = False
    ) -> Reading | Doubtful:
        """Return the entry for a register (Wh) read at `now`.

        A `Reading` charges the time and the energy since the last reading; a `Doubtful` says why the register cannot be
        true. `end`: see `judge`. `unseen`: charge what must have been used while the gateway was off, because nobody
        came who knows the time. `confirmed`: believe more energy than one reading alone may show, because several
        readings agree.
        """
        return self._read_at(max(now, self.at), register, end, unseen, confirmed, behind=now < self.at)

    def _read_at(
        self, at: Instant, register: Wh, end: int, unseen: bool, confirmed: bool, behind: bool
    ) -> Reading | Doubtful:
        """Return the entry for a register read at `at`. `behind` says that the clock stands before the journal's last
        instant, so that the journal cannot tell how much time has passed.
        """
        cause, energy = self.judge(at, register, end)
        if behind and cause == JUMPED and self.base is not None:
            cause, energy = judge(self.base, register, at, self.settings.power_highest, gap=at)
        flags = FLAG_CLOCK if behind or self.unsure else 0
        if cause == TRUE and not self._is_enough(energy):
            if not (confirmed and self._agrees(register, at)):
                return self.doubted(at, register, UNCONFIRMED)
            flags |= FLAG_CONFIRMED
        elif cause == UNSEEN and self._charges_unseen(at, unseen, behind):
            flags |= FLAG_UNSEEN
        elif cause != TRUE:
            return self.doubted(at, register, cause)
        rolled = end if self.register is not None and register - self.register != energy else 0
        return self._reading(at, register, energy, flags, rolled)

    def _charges_unseen(self, at: Instant, unseen: bool, behind: bool) -> bool:
        """Return whether energy is charged that was used in an unknown time. `unseen`, `behind`: see `read`, `_read_at`."""
        return behind or (unseen and self._waited(at))

    def doubted(self, now: Instant, register: Wh, cause: str) -> Doubtful:
        """Return the entry for a register (Wh) that cannot be true. `cause` is a cause of `kernel.plausible`."""
        shown = min(max(register, -INT64_MAX), INT64_MAX)
        return Doubtful(self.seq + 1, max(now, self.at), self.balance, shown, cause)

    def _is_enough(self, energy: Wh) -> bool:
        """Return whether one reading alone is enough to believe that `energy` Wh were used since the base."""
        base = self.base
        return base is None or is_enough(self.under or base, base.register + energy, self.settings.power_highest)

    def _agrees(self, register: Wh, at: Instant) -> bool:
        """Return whether a register (Wh) goes on plausibly from the doubtful one that waits for confirmation."""
        doubt = self.doubt
        power = self.settings.power_highest
        return doubt is not None and doubt.cause == UNCONFIRMED and agrees(doubt, register, at, power)

    def _waited(self, at: Instant) -> bool:
        doubt = self.doubt
        return doubt is not None and doubt.cause == UNSEEN and at - doubt.since >= OFF_WAIT

    def hold(self, now: Instant) -> Reading:
        """Return the entry for a register that is lower than before. It charges the time, and no energy."""
        assert self.register is not None
        flags = FLAG_HELD | (FLAG_CLOCK if now < self.at or self.unsure else 0)
        return self._reading(max(now, self.at), self.register, 0, flags)

    def _reading(self, at: Instant, register: Wh, energy: Wh, flags: int, rolled: int = 0) -> Reading:
        rated = self.rate(at, energy)
        return Reading(
            self.seq + 1,
            at,
            self.balance - rated.charge,
            register,
            rated.used,
            rated.charge,
            flags,
            rated.fee,
            rated.standing,
            rated.minimum,
            rated.tax,
            rated.tax_included,
            rolled,
            rated.charges,
        )

    def parts(self, reading: Reading) -> Iterator[Reading]:
        """Split `reading` into entries and yield them in order; the last one has the instant of `reading`.

        The caller applies each entry before it asks for the next one. A long time without readings is split so that no
        entry covers more than `LONGEST` or has more prices than an entry can hold. Energy counts as used evenly over
        the time; energy that was used while the gateway was off counts at the end of that time.
        """
        longest = LONGEST
        while self.register is not None:
            span = reading.at - self.read_at
            if span <= longest and _fits(reading):
                break
            part = min(longest, span // 2)
            while not _fits(between := self._part(reading, part, span)):
                part //= 2
            longest = min(2 * part, LONGEST)
            yield between
            energy = reading.energy - between.energy
            reading = self._reading(reading.at, reading.register, energy, reading.flags, reading.rolled)
        yield reading

    def _part(self, reading: Reading, part: int, span: int) -> Reading:
        """Return the first `part` µs of a reading that covers `span` µs."""
        # Rounded up, so that what is left is no more than can have flowed in the time that is left.
        energy = 0 if reading.flags & FLAG_UNSEEN else -(-reading.energy * part // span)
        flags = FLAG_BETWEEN | reading.flags & (FLAG_HELD | FLAG_CLOCK)
        return self._reading(self.read_at + part, (self.register or 0) + energy, energy, flags)

    def rebase(self, now: Instant, register: Wh, end: int = 0) -> Rebased:
        """Return the entry that makes a doubtful register (Wh) the new base, from which energy counts; or the entry
        that returns to the base before an error. `end`: see `judge`.

        Raises ValueError if the register was not doubted, or has not stayed where it was.
        """
        at, doubt = max(now, self.at), self.doubt
        if doubt is None or not agrees(doubt, register, at, self.settings.power_highest):
            raise ValueError(f"a register of {register} Wh was not doubted before")
        if doubt.cause == RETURNED and (former := self._returned_to(at, register, end)):
            return self._return(at, former.register)
        cause = self.judge(at, register).cause
        if cause in (TRUE, UNSEEN) and at == doubt.at:
            # The journal is ahead of the time, and can't tell that too little of it passed.
            cause = doubt.cause
        if cause not in (JUMPED, FALLEN):
            raise ValueError(f"a register of {register} Wh can't be counted from")
        return Rebased(self.seq + 1, at, self.balance, register, self.register or 0, cause)

    def _returned_to(self, at: Instant, register: Wh, end: int) -> Former | None:
        base, gap = self.base, self.unsure_at if self.unsure else None
        if base is None:
            return None
        back = returned(self.formers, base, register, at, self.settings.power_highest, end=end, gap=gap)
        return back and back[0]

    def _return(self, at: Instant, register: Wh) -> Rebased:
        return Rebased(self.seq + 1, at, self.balance, register, self.register or 0, RETURNED)

    def recompute_doubt(self, entry: Doubtful) -> Reading | Doubtful:
        """Return the entry that is right in the place of `entry`, a doubt."""
        own = self.read(entry.at, entry.register)
        energy = isinstance(own, Reading) or own.cause in (JUMPED, UNSEEN, UNCONFIRMED)
        # How much time passed, only the gateway knows if the journal may be ahead of it; and where a counter ends that
        # may have come over its end, before it is charged.
        ahead = energy and entry.at == self.at and entry.cause in (JUMPED, UNSEEN, UNCONFIRMED)
        if ahead or self._may_have_rolled(entry):
            return self.doubted(entry.at, entry.register, entry.cause)
        return own

    def _may_have_rolled(self, entry: Doubtful) -> bool:
        """Return whether a doubt can be about a counter that came over its end."""
        if entry.cause == RETURNED:
            return any(0 <= entry.register < each.register for each in self.formers)
        known = (UNCONFIRMED, UNSEEN, JUMPED) if entry.at == self.at else (UNCONFIRMED,)
        return entry.cause in known and 0 <= entry.register < (self.register or 0)

    def recompute_reading(self, entry: Reading) -> Reading | Doubtful:
        """Return the entry that is right in the place of `entry`, a reading. Raises ValueError if its register cannot
        be true.
        """
        # Of the last part of a reading less may be left than needs others that agree.
        claimed = entry.flags & (FLAG_CLOCK | FLAG_BETWEEN | FLAG_CONFIRMED)
        if entry.flags & FLAG_HELD:
            if not self.back_since or entry.register != self.register:
                raise ValueError(f"the register did not stand under {entry.register} Wh")
            flags = FLAG_HELD | (FLAG_CLOCK if self.unsure else 0)
            own: Reading | Doubtful = self._reading(entry.at, entry.register, 0, flags)
        elif entry.flags & FLAG_BETWEEN:
            own = self._recompute_between(entry)
        else:
            behind = bool(entry.flags & FLAG_CLOCK) and entry.at == self.at
            unseen, confirmed = bool(entry.flags & FLAG_UNSEEN), bool(entry.flags & FLAG_CONFIRMED)
            own = self._read_at(entry.at, entry.register, entry.rolled, unseen, confirmed, behind)
        if isinstance(own, Doubtful):
            return own
        if abs(own.balance) > BALANCE_MAX:
            raise ValueError(f"the register can't stand at {entry.register} Wh")
        return msgspec.structs.replace(own, flags=own.flags | claimed)

    def _recompute_between(self, entry: Reading) -> Reading:
        base = self.base
        energy = entry.register - base.register if base is not None else -1
        if base is None or not 0 <= energy <= most(self.settings.power_highest, entry.at - base.at):
            raise ValueError(f"the register can't have stood at {entry.register} Wh between two readings")
        waits = self.doubt is not None and self.doubt.cause == UNCONFIRMED
        if not waits and not is_enough(base, entry.register, self.settings.power_highest):
            raise ValueError(f"no readings agreed on {entry.register} Wh")
        return self._reading(entry.at, entry.register, energy, FLAG_BETWEEN)

    def recompute_base(self, entry: Rebased) -> Rebased:
        """Return the entry that is right in the place of `entry`, a new base. Raises ValueError if no new base is
        possible here.
        """
        doubt = self.doubt
        if entry.cause != RETURNED:
            return self.rebase(entry.at, entry.register)
        came_back = doubt is not None and doubt.cause == RETURNED
        # To which of several, only the gateway knows if the counter came over its end.
        if not came_back or entry.register not in {each.register for each in self.formers}:
            raise ValueError("the register did not come back")
        return self._return(entry.at, entry.register)
