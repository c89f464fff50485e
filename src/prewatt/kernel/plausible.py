"""This module decides which registers are plausible. A reading is a claim; the main fuse and the time bound the energy
that can have flowed.

A register charges nothing if it falls, if it jumps by more than the fuse allows, or if it is a number that stands for
"no value". `docs/developer/claims.md` explains the rules in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from .units import DAY, HOUR, MINUTE, REGISTER_MAX, Instant, Wh

TRUE = ""
JUMPED = "jumped"
FALLEN = "fallen"
BACKWARDS = "backwards"
NO_VALUE = "no value"
RETURNED = "returned"
UNSEEN = "unseen"
UNCONFIRMED = "unconfirmed"

SLACK = 1_000
"""Wh that a register may be ahead of what the fuse allows, because some meters count in whole kilowatt-hours."""
NO_VALUES = tuple(value * scale for bits in (31, 32, 63, 64) for value in [2**bits - 1] for scale in (1, 10, 100, 1000))
"""Registers, in Wh at the usual scales, that stand for "no value": all bits set, or all bits but the sign."""
OFF_MOST = 31 * DAY
"""The longest time (µs) for which a gateway without a clock is believed to have been off."""
OFF_WAIT = 10 * MINUTE
"""How long (µs) such a gateway waits for somebody who knows the time, before it charges what was used while it was off.
"""
JITTER = 100
"""Wh by which a register that returns to its old base may lie under it: the last digit of some meters jitters."""
ALONE_FOR = HOUR
"""One reading alone is believed up to the energy that the fuse lets through in this time (µs). After a longer silence,
a single wrong reading could cost as much as a flat uses in months.
"""
ERROR_FOR = HOUR
"""A register that is seen lower for no longer than this (µs) may be an error."""
FORMER_FOR = DAY
"""If a register returns to its old base within this time (µs) after a new base was set, energy counts from the old base
again.
"""


class Base(Struct, frozen=True):
    """The point from which energy counts: the `register` (Wh), and the instant since when it may have moved."""

    register: int
    at: int


class Doubt(Struct, frozen=True):
    """A register that cannot be true: its value, when it was read, since when no reading was plausible, and the cause."""

    register: int
    at: int
    since: int
    cause: str


class Former(Struct, frozen=True):
    """A base that a new one replaced at the instant `at`. `since`: the Wh charged since then, by later bases."""

    base: Base
    since: int
    at: int

    @property
    def register(self) -> Wh:
        """Return the register (Wh) that was charged up to, if this base was right all the time."""
        return self.base.register + self.since


FORMERS_KEPT = 8
"""The number of bases that are stored to which a register may return."""


class Below(NamedTuple):
    """A register under its base: `since` when (an instant), and the `last` register seen there (None if none yet)."""

    since: int
    last: Base | None


class Verdict(NamedTuple):
    """The judgement of a register. `cause` says why it cannot be true, and is `TRUE` if it can. `energy`: the Wh since
    the base; if the register returned to an earlier base, only the Wh that nobody was charged for.
    """

    cause: str
    energy: int


def most(power_highest: int, elapsed: int) -> Wh:
    """Return the most energy (Wh) that can have flowed in `elapsed` µs through a fuse of `power_highest` W. A tenth is
    added, because a fuse lets more through for a while.
    """
    return power_highest * max(elapsed, 0) // HOUR * 11 // 10 + SLACK


def agrees(doubt: Doubt, register: Wh, at: Instant, power_highest: int) -> bool:
    """Return whether a register (Wh) can have moved on from a doubtful one."""
    return 0 <= register - doubt.register <= most(power_highest, at - doubt.at)


def is_enough(last: Base, stands: Wh, power_highest: int) -> bool:
    """Return whether one reading alone is enough to believe that a plausible register stands at `stands` Wh. It is, if
    that is near enough to the last reading.
    """
    return abs(stands - last.register) <= most(power_highest, ALONE_FOR)


def judge(
    base: Base,
    register: Wh,
    at: Instant,
    power_highest: int,
    *,
    end: int = 0,
    below: Below | None = None,
    gap: int | None = None,
    formers: Sequence[Former] = (),
) -> Verdict:
    """Judge a register (Wh) that was read at an instant.

    `end`: the register (Wh) at which the counter rolls over to zero, 0 if unknown. `below`: what was seen of the register
    under its base, None if it is not under it. `gap`: the instant before which the gateway was off for an unknown time,
    so that more energy may have flowed since an earlier base than the known time allows; None without such a gap.
    `formers`: the bases before this one.
    """
    if not 0 <= register <= REGISTER_MAX:
        return Verdict(NO_VALUE, 0)
    energy, limit = register - base.register, most(power_highest, at - base.at)
    back = returned(formers, base, register, at, power_highest, end=end, gap=gap)
    if 0 <= energy <= limit:
        if back is not None and back[1] < energy:
            # Its step is larger than the fall was: it is back, and what was charged before is not charged again.
            return Verdict(RETURNED, back[1])
        return Verdict(TRUE, energy)
    if register in NO_VALUES:
        return Verdict(NO_VALUE, 0)
    if energy < 0 and register < end and 0 <= energy + end <= limit:
        # Only from near its end can a counter have come over it.
        return Verdict(TRUE, energy + end)
    if back is not None:
        return Verdict(RETURNED, back[1])
    if energy < 0:
        # By an unknown time it came over its end no more likely than it shows nought by an error.
        backwards = _runs_backwards(base, below or Below(base.at, None), register, at, power_highest)
        return Verdict(BACKWARDS if backwards else FALLEN, 0)
    if energy <= most(power_highest, at - base.at + _off(base, gap)):
        return Verdict(UNSEEN, energy)
    return Verdict(JUMPED, 0)


def _runs_backwards(base: Base, below: Below, register: Wh, at: Instant, power_highest: int) -> bool:
    """Whether a register under its base can have run back to there: one reading alone shows no fall of months, and under
    its base it can't fall faster than energy flows either.
    """
    last = below.last or Base(base.register, below.since)
    alone = most(power_highest, min(at - last.at, ALONE_FOR))
    return last.register - register <= alone and base.register - register <= most(power_highest, at - below.since)


def _off(base: Base, gap: int | None) -> int:
    """Return for how much longer (µs) than the known time the gateway may have been off since a base."""
    return OFF_MOST if gap is not None and base.at <= gap else 0


def returned(
    formers: Sequence[Former],
    base: Base,
    register: Wh,
    at: Instant,
    power_highest: int,
    *,
    end: int = 0,
    gap: int | None = None,
) -> tuple[Former, Wh] | None:
    """Return the earlier base to which a register (Wh) can have returned, also over its end, and the Wh that nobody was
    charged for since. Of several bases it is the one that charges the least. None if there is no such base.
    """
    candidates = [
        (former, energy)
        for former in formers
        if (energy := _unpaid(former, base, register, at, gap, end, power_highest)) is not None
    ]
    return min(candidates, key=lambda each: each[1], default=None)


def _unpaid(
    former: Former, base: Base, register: Wh, at: Instant, gap: int | None, end: int, power_highest: int
) -> int | None:
    """Return the Wh that nobody was charged for if the register can have returned to a former base; else None."""
    if base.at - former.at > FORMER_FOR:
        return None
    again, elapsed = register - former.base.register, at - former.base.at
    rolled = again < former.since - JITTER and register < end
    if rolled:
        again += end
    counted = register - base.register
    # Of what may have flowed unseen, the less is believed: under its base the register counts nothing else. By an unknown
    # time it came over its end no more likely than it shows nought by an error, as `judge` has it.
    if again - former.since < counted or (counted < 0 and not rolled):
        elapsed += _off(former.base, gap)
    return again - former.since if former.since - JITTER <= again <= most(power_highest, elapsed) else None
