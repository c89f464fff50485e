"""What a register says: which entry a reading is, what it charges, and where energy is counted from."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .entries import (
    FLAG_BETWEEN,
    FLAG_CLOCK,
    FLAG_HELD,
    FLAG_UNSEEN,
    Doubtful,
    Reading,
    Rebased,
)
from .plausible import (
    FALLEN,
    JUMPED,
    NO_VALUE,
    NO_VALUES,
    OFF_WAIT,
    RETURNED,
    TRUE,
    UNSEEN,
    Verdict,
    agrees,
    judge,
    most,
)
from .replay import Replay
from .units import BALANCE_MAX, INT64_MAX, REGISTER_MAX


class Registers(Replay):
    """The part of an account that reads registers."""

    def judge(self, at: int, register: int, end: int = 0) -> Verdict:
        """What to make of a register (Wh) at an instant. `end`: where the counter begins anew, 0 if unknown."""
        base = self.base
        if base is None:
            return Verdict(TRUE if 0 <= register <= REGISTER_MAX and register not in NO_VALUES else NO_VALUE, 0)
        return judge(
            base, register, at, self.settings.power_highest,
            end=end, back_since=self.back_since, under=self.under, former=self.former,
            gap=self.unsure_at if self.unsure else None,
        )  # fmt: skip

    def read(self, now: int, register: int, end: int = 0, unseen: bool = False) -> Reading | Doubtful:
        """The entry for a register (Wh) read at `now`: charges the time and the energy since the last reading, or says
        why the register can't be true. `end`: see `judge`. `unseen`: take what must have been used while the gateway was
        off, as nobody came who knows the time.
        """
        return self._read_at(max(now, self.at), register, end, unseen, behind=now < self.at)

    def _read_at(self, at: int, register: int, end: int, unseen: bool, behind: bool) -> Reading | Doubtful:
        """`behind`: the time is not come to where the journal stands, so the journal can't tell how much of it passed."""
        verdict = self.judge(at, register, end)
        if behind and verdict.cause == JUMPED and self.base is not None:
            verdict = judge(self.base, register, at, self.settings.power_highest, gap=at)
        flags = FLAG_CLOCK if behind or self.unsure else 0
        if verdict.cause == UNSEEN and (behind or (unseen and self._waited(at))):
            verdict, flags = Verdict(TRUE, verdict.energy), flags | FLAG_UNSEEN
        if verdict.cause:
            return self.doubted(at, register, verdict.cause)
        rolled = end if self.register is not None and register - self.register != verdict.energy else 0
        return self._reading(at, register, verdict.energy, flags, rolled)

    def doubted(self, now: int, register: int, cause: str) -> Doubtful:
        """The entry for a register that can't be true."""
        shown = min(max(register, -INT64_MAX), INT64_MAX)
        return Doubtful(self.seq + 1, max(now, self.at), self.balance, shown, cause)

    def _waited(self, at: int) -> bool:
        doubt = self.doubt
        return doubt is not None and doubt.cause == UNSEEN and at - doubt.since >= OFF_WAIT

    def hold(self, now: int) -> Reading:
        """The entry for a register that stands lower than before: the time is charged, and no energy."""
        assert self.register is not None
        flags = FLAG_HELD | (FLAG_CLOCK if now < self.at or self.unsure else 0)
        return self._reading(max(now, self.at), self.register, 0, flags)

    def _reading(self, at: int, register: int, energy: int, flags: int, rolled: int = 0) -> Reading:
        rated = self.rate(at, energy)
        return Reading(
            self.seq + 1, at, self.balance - rated.charge, register, rated.used, rated.charge, flags,
            rated.fee, rated.standing, rated.minimum, rated.tax, rated.tax_included, rolled,
        )  # fmt: skip

    def between(self, reading: Reading, longest: int) -> Iterator[Reading]:
        """After a long time without readings: entries every `longest` µs for the time up to `reading`, each to be applied
        before the next is asked for. So no entry has more prices than an entry can hold; the charge is the same.
        Of a time that was not seen nothing is said between.
        """
        begin, before, end = self.read_at, self.register, reading.at
        if before is None or reading.rolled or reading.flags & FLAG_UNSEEN:
            return
        for at in range(begin + longest, end, longest):
            if at > self.at:
                register = before + reading.energy * (at - begin) // (end - begin)
                energy = register - (self.register or 0)
                yield self._reading(at, register, energy, FLAG_BETWEEN | reading.flags & FLAG_HELD)

    def rebase(self, now: int, register: int) -> Rebased:
        """The entry by which a register (Wh) that was doubted, and stayed, is counted from; or by which it is back where
        it stood before an error. ValueError if it was not doubted, or has not stayed.
        """
        at, doubt = max(now, self.at), self.doubt
        if doubt is None or not agrees(doubt, register, at, self.settings.power_highest):
            raise ValueError(f"a register of {register} Wh was not doubted before")
        cause = self.judge(at, register).cause
        if cause in (TRUE, UNSEEN) and at == doubt.at:
            # The journal is ahead of the time, and can't tell that too little of it passed.
            cause = doubt.cause
        if cause not in (JUMPED, FALLEN, RETURNED):
            raise ValueError(f"a register of {register} Wh can't be counted from")
        if cause == RETURNED and self.former is not None:
            register = self.former.base.register + self.former.since
        return Rebased(self.seq + 1, at, self.balance, register, self.register or 0, cause)

    def recompute_doubt(self, entry: Doubtful) -> Reading | Doubtful:
        """What a doubt must be if it is right."""
        own = self.read(entry.at, entry.register)
        energy = isinstance(own, Reading) or own.cause in (JUMPED, UNSEEN)
        if energy and entry.at == self.at and entry.cause in (JUMPED, UNSEEN):
            # The journal may be ahead of the time: how much of it passed, only the gateway knows.
            return self.doubted(entry.at, entry.register, entry.cause)
        return own

    def recompute_reading(self, entry: Reading) -> Reading | Doubtful:
        """What a reading must be if it is right. ValueError if its register can't have stood so."""
        claimed = entry.flags & (FLAG_CLOCK | FLAG_BETWEEN)
        if entry.flags & FLAG_HELD:
            if not self.back_since or entry.register != self.register:
                raise ValueError(f"the register did not stand under {entry.register} Wh")
            own: Reading | Doubtful = self.hold(entry.at)
        elif entry.flags & FLAG_BETWEEN:
            own = self._recompute_between(entry)
        else:
            behind = bool(entry.flags & FLAG_CLOCK) and entry.at == self.at
            own = self._read_at(entry.at, entry.register, entry.rolled, bool(entry.flags & FLAG_UNSEEN), behind)
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
        return self._reading(entry.at, entry.register, energy, FLAG_BETWEEN)

    def recompute_base(self, entry: Rebased) -> Rebased:
        """What a new base must be if it is right. ValueError if there can be none."""
        doubt = self.doubt
        if entry.cause != RETURNED:
            return self.rebase(entry.at, entry.register)
        if doubt is None or doubt.cause != RETURNED or self.former is None:
            raise ValueError("the register did not come back")
        register = self.former.base.register + self.former.since
        return Rebased(entry.seq, entry.at, self.balance, register, self.register or 0, RETURNED)
