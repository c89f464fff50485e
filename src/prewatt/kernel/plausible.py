"""What a register can be: a reading is a claim, and the fuse and the time know the most that can have flowed.

A register that falls, jumps beyond the fuse or is one of the values that stand for none charges nothing. `docs/developer/claims.md` says
the rules in words.
"""

from __future__ import annotations

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
"""Wh that a register may be ahead beside the fuse: some count in whole kilowatt-hours."""
NO_VALUES = tuple(value * scale for bits in (31, 32, 63, 64) for value in [2**bits - 1] for scale in (1, 10, 100, 1000))
"""Registers, in Wh at the usual scales, that stand for none: all bits of a number, or all but its sign."""
OFF_MOST = 31 * DAY
"""A gateway without a clock is believed to have been off for so long at most."""
OFF_WAIT = 10 * MINUTE
"""So long it waits for somebody who knows the time, before it charges what was used meanwhile."""
JITTER = 100
"""Wh by which a register that comes back may stand under where it stood: a last digit that jitters."""
ALONE_FOR = HOUR
"""One reading alone is believed up to what the fuse lets through in so long: after a longer silence a single error could
cost as much as a flat uses in months.
"""
ERROR_FOR = HOUR
"""A new base that was read for no longer, before another one, was an error."""
FORMER_FOR = DAY
"""A register that was read under a new base for no longer goes on where it stood before, if it comes back."""


class Base(Struct, frozen=True):
    """Where energy is counted from: the `register` (Wh), and since when it may have moved."""

    register: int
    at: int


class Doubt(Struct, frozen=True):
    """A register that can't be true, when it was read, since when none was true, and why it can't be."""

    register: int
    at: int
    since: int
    cause: str


class Former(Struct, frozen=True):
    """The base before the last new ones: `since` Wh were charged from those, the first of which began `at`."""

    base: Base
    since: int
    at: int


class Verdict(NamedTuple):
    """`cause`: why a register can't be true, `TRUE` if it can. `energy`: Wh since the base."""

    cause: str
    energy: int


def most(power_highest: int, elapsed: int) -> Wh:
    """The most energy (Wh) that can have flowed in a time (µs) through a fuse (W): with a tenth for what it lets through
    for a while.
    """
    return power_highest * max(elapsed, 0) // HOUR * 11 // 10 + SLACK


def agrees(doubt: Doubt, register: Wh, at: Instant, power_highest: int) -> bool:
    """Whether a register can be one that moved on from a doubtful one."""
    return 0 <= register - doubt.register <= most(power_highest, at - doubt.at)


def is_enough(last: Base, stands: Wh, power_highest: int) -> bool:
    """Whether one reading alone shows that a register stands at `stands` Wh, which it can: it is near enough to where it
    was seen last.
    """
    return abs(stands - last.register) <= most(power_highest, ALONE_FOR)


def judge(
    base: Base, register: Wh, at: Instant, power_highest: int, *,
    end: int = 0, back_since: int = 0, under: Base | None = None, gap: int | None = None, former: Former | None = None,
) -> Verdict:  # fmt: skip
    """What to make of a register (Wh) read at an instant.

    `end`: where the counter begins anew, 0 if that is not known. `back_since`: when it was first seen under its base, 0
    if it is not; `under`: where it stood there last. `gap`: the instant at which the gateway had been off for a time
    that nobody knows, so that more than the time that was seen may have flowed since a base before it.
    """
    if not 0 <= register <= REGISTER_MAX:
        return Verdict(NO_VALUE, 0)
    energy, limit = register - base.register, most(power_highest, at - base.at)
    again = _again(former, base, register, at, gap, power_highest) if former is not None else None
    if 0 <= energy <= limit:
        if former is not None and again is not None and again - former.since < energy:
            # Its step is larger than the fall was: it is back, and what was charged before is not charged again.
            return Verdict(RETURNED, again)
        return Verdict(TRUE, energy)
    if register in NO_VALUES:
        return Verdict(NO_VALUE, 0)
    if energy < 0 and end and register < end and 0 <= energy + end <= limit:
        # Only from near its end can a counter have come over it.
        return Verdict(TRUE, energy + end)
    if again is not None:
        return Verdict(RETURNED, again)
    if energy < 0:
        # One reading alone shows no fall of months, and under its base it can't fall faster than energy flows either.
        since = back_since or base.at
        last = under or Base(base.register, since)
        alone = most(power_highest, min(at - last.at, ALONE_FOR))
        backwards = last.register - register <= alone and -energy <= most(power_highest, at - since)
        return Verdict(BACKWARDS if backwards else FALLEN, 0)
    if energy <= most(power_highest, at - base.at + _off(base, gap)):
        return Verdict(UNSEEN, energy)
    return Verdict(JUMPED, 0)


def _off(base: Base, gap: int | None) -> int:
    """How much longer than the time that was seen the time since a base can be."""
    return OFF_MOST if gap is not None and base.at <= gap else 0


def _again(former: Former, base: Base, register: Wh, at: Instant, gap: int | None, power_highest: int) -> int | None:
    """Wh since the base before, where a register can have come back to that; else None."""
    if base.at - former.at > FORMER_FOR:
        return None
    again, elapsed = register - former.base.register, at - former.base.at
    if again - former.since < register - base.register:
        # Of what may have flowed unseen, the less is believed.
        elapsed += _off(former.base, gap)
    return again if former.since - JITTER <= again <= most(power_highest, elapsed) else None
