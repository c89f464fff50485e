"""The gateway's time: the wall clock is a claim, and is believed within the bounds of the steady clock and of others.
Logic without I/O.

An anchor pairs an instant with a reading of the steady clock. The server's signed receipts and staff on site set it; at
a start it is the stored one of the same boot, else it comes from the journal. The wall clock is believed while it stays
near the anchor plus the steady time since. If it jumps away, time continues by the steady clock, and nobody is charged
for days that nobody has seen.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec import Struct

from ..kernel.events import EventKind
from ..kernel.plausible import OFF_MOST
from ..kernel.units import DAY, EARLIEST, HOUR, INSTANT_MAX, MINUTE, SECOND
from .anchor import Anchor

NEAR = 2 * MINUTE
"""A clock may be wrong by this much (µs) and is still believed."""
DRIFT = 5000
"""The steady clock is wrong by at most one part in this many."""
OFF_BELIEVED = 2 * HOUR
"""At a start the wall clock is believed if by it the gateway was off for at most this long (µs)."""
AWAY_BELIEVED = DAY
"""A process of the same boot keeps the anchor if by the steady clock no process ran for at most this long (µs)."""

VOUCH_FOR = 5 * MINUTE
VOUCHES = 3
"""How many answers of the server must agree before the later time is believed against the steady clock.

A machine may have stood still (a paused virtual machine), and its steady clock with it. So the server must agree with
the wall clock, and both with themselves, for long enough and in this many answers.
"""


class Moment(Struct, frozen=True):
    """A reading of all clocks. `now` is the time of day (µs since 1970), which can be wrong and can be set; `mono` (s)
    never goes back, and times the conversation with the head-end; `steady` (µs) measures the meters' time, and differs
    from `mono` only where time runs faster for a demonstration.
    """

    now: int
    mono: float
    steady: int = -1

    def __post_init__(self) -> None:
        if self.steady < 0:
            msgspec.structs.force_setattr(self, "steady", round(self.mono * SECOND))


class _Agreed(NamedTuple):
    """Consecutive answers of the server that agree with the wall clock: by how much they are ahead of the steady clock,
    since when, and how many.
    """

    ahead: int
    since: int
    times: int


class Note(NamedTuple):
    """An event to be journalled."""

    kind: EventKind
    detail: str


class _Answer(NamedTuple):
    """The server's time in an answer, compared with the believed time.

    `off` is the difference (µs). `waited` is the time (µs) since the question, None if it is unknown. `is_later` and
    `is_earlier` say that the server's time must be another one than the believed. `is_fresh`: the answer came at once.
    """

    off: int
    waited: int | None
    is_later: bool
    is_earlier: bool
    is_fresh: bool

    @property
    def is_other(self) -> bool:
        """Return whether the server's time and the believed time cannot be the same."""
        return self.is_later or self.is_earlier


class Timekeeper:
    """The gateway's time. `boot` names this boot of the machine; `kept` is the anchor that was stored last."""

    def __init__(self, boot: str = "", kept: Anchor | None = None) -> None:
        self._boot = boot
        self._anchor = kept
        self._stepped = False
        self._told_at: dict[str, int] = {}
        self._differs = False
        self._stood = False
        self._agreed: _Agreed | None = None
        self._earlier: int | None = None
        self._journalled = 0

    @property
    def anchor(self) -> Anchor | None:
        """Return the anchor in force; None before the first moment."""
        return self._anchor

    def start(self, moment: Moment, journalled: int) -> list[Note]:
        """Take up the time when the process starts. `journalled` is the instant of the last entry in its journal, or 0
        if the journal is empty. Returns the events to journal.
        """
        kept, self._journalled = self._anchor, journalled
        if kept is not None and self._boot and kept.boot == self._boot:
            away = moment.steady - max(kept.steady, kept.seen)
            if 0 <= away <= AWAY_BELIEVED:
                return []
        wall = moment.now
        if journalled == 0 and EARLIEST <= wall <= INSTANT_MAX:
            self._anchor = Anchor(self._boot, wall, moment.steady)
            return []
        believed = journalled - NEAR <= wall <= journalled + OFF_BELIEVED
        at = wall if believed else journalled
        self._anchor = Anchor(self._boot, at, moment.steady, unsure=True)
        return [Note(EventKind.CLOCK_UNSURE, f"the clock is {_span(wall - journalled)} from the journal's end")]

    def _at(self, moment: Moment) -> Anchor:
        """Return the anchor. If the start gave none, the first moment becomes one."""
        if self._anchor is None:
            self._anchor = Anchor(self._boot, moment.now, moment.steady)
        return self._anchor

    def _passed(self, moment: Moment) -> int:
        return max(moment.steady - self._at(moment).steady, 0)

    def now(self, moment: Moment) -> int:
        """Return the instant (µs) that is believed: the wall clock's, or that of the steady clock if the wall clock has
        jumped away.
        """
        anchor = self._anchor or self._at(moment)
        passed = moment.steady - anchor.steady
        if passed < 0:
            passed = 0
        steady = anchor.at + passed
        return moment.now if abs(moment.now - steady) <= NEAR + passed // DRIFT else steady

    def look(self, moment: Moment) -> list[Note]:
        """Check whether the wall clock has jumped since the last look. Returns the events to journal."""
        anchor = self._anchor or self._at(moment)
        passed = max(moment.steady - anchor.steady, 0)
        off = moment.now - anchor.at - passed
        if moment.steady - max(anchor.steady, anchor.seen) >= HOUR:
            self._anchor = msgspec.structs.replace(anchor, seen=moment.steady)
        stepped, before = abs(off) > _near(passed), self._stepped
        if not (stepped or before or self._stood):
            return []
        self._stepped = stepped
        if self._stood and not stepped:
            self._stood = False
            return [Note(EventKind.CLOCK_SET, "it is right again")]
        notes = self._tell(EventKind.CLOCK_STEPPED, off, moment) if stepped and not before and not self.unsure else []
        if notes and 0 < off <= OFF_MOST:
            # It was set, or it went on while the machine stood still: nobody knows how much was used meanwhile.
            self._stood = True
            notes.append(
                Note(EventKind.CLOCK_UNSURE, f"the clock went on by {_span(off)}, and the steady clock did not")
            )
        return notes

    def _tell(self, kind: EventKind, off: int, moment: Moment) -> list[Note]:
        """Return an event about a clock, at most once an hour: a clock may jump to and fro, and servers may disagree."""
        told_at = self._told_at.get(kind)
        if told_at is not None and moment.steady - told_at < HOUR:
            return []
        self._told_at[kind] = moment.steady
        return [Note(kind, f"by {_span(off)}")]

    @property
    def unsure(self) -> bool:
        """Return whether it is unknown how long the gateway was off or stood still."""
        return self._stood or (self._anchor is not None and self._anchor.unsure)

    def receipt(self, moment: Moment, at: int, asked: int | None) -> list[Note]:
        """Take up the server's time `at`, from its answer to what was sent at `asked` on the steady clock (None:
        unknown, so that `at` may be old). Somebody who delays receipts can make time look earlier, never later. Returns
        the events to journal.
        """
        answer = self._compared(moment, at, asked)
        if answer.waited is None and not answer.is_later:
            return []
        self._earlier = at - moment.steady if answer.is_earlier else None
        if answer.is_fresh and self._both_agree(moment, at):
            return self._set(moment, at, "the server and the clock", strong=True)
        if answer.is_other and self._at(moment).strong:
            before, self._differs = self._differs, True
            return [] if before else self._tell(EventKind.CLOCK_DIFFERS, answer.off, moment)
        self._differs = False
        return self._follow(moment, at, answer)

    def _follow(self, moment: Moment, at: int, answer: _Answer) -> list[Note]:
        """Take over the server's time `at`, unless the believed time is as good. Returns the events to journal."""
        # If the server's time is before the journal's end, the server may be wrong itself. If a receipt is old, the time
        # was later. Such answers are followed, and so is the next one.
        strong = answer.is_fresh and not answer.is_earlier and at >= self._journalled - NEAR
        if not answer.is_other:
            if self._keeps_anchor(moment, answer.is_fresh, strong):
                return []
            # The believed time may have drifted, and a fresh answer is more exact.
            at = at if answer.is_fresh else self.now(moment)
        elif answer.is_earlier and not answer.is_fresh:
            # The time is no later than this, and may be earlier by all that the answer waited.
            at += answer.waited or 0
        return self._set(moment, at, "the server", strong)

    def _compared(self, moment: Moment, at: int, asked: int | None) -> _Answer:
        """Return how the server's time `at` stands to the believed time. `asked`: see `receipt`."""
        off, near = at - self.now(moment), _near(self._passed(moment))
        waited = moment.steady - asked if asked is not None else None
        is_earlier = waited is not None and off + waited < -near
        return _Answer(off, waited, off > near, is_earlier, waited is not None and waited <= NEAR)

    def _keeps_anchor(self, moment: Moment, is_fresh: bool, strong: bool) -> bool:
        """Return whether the anchor stays, since an answer that agrees with it is no better."""
        anchor = self._at(moment)
        if anchor.unsure or (self._stood and is_fresh):
            return False
        if anchor.strong and not is_fresh:
            return True
        # In an hour a clock drifts by less than an answer may be late; but one that is certain replaces one that is not.
        return self._passed(moment) < HOUR and (anchor.strong or not strong)

    def _both_agree(self, moment: Moment, at: int) -> bool:
        """Return whether the server, with this answer, and the wall clock have agreed on the same later time for long
        enough.
        """
        ahead, before, passed = at - moment.steady, self._agreed, self._passed(moment)
        if not _near(passed) < at - self._at(moment).at - passed <= OFF_MOST or abs(moment.now - at) > NEAR:
            self._agreed = None
            return False
        if before is None or abs(ahead - before.ahead) > NEAR:
            before = _Agreed(ahead, moment.steady, 0)
        self._agreed = before._replace(times=before.times + 1)
        return self._agreed.times >= VOUCHES and moment.steady - before.since >= VOUCH_FOR

    def told(self, moment: Moment, at: int, by: str) -> list[Note]:
        """Take up the time `at` that a person on site says. Returns the events to journal."""
        return self._set(moment, at, by, strong=True)

    def led_back(self, moment: Moment) -> list[Note]:
        """Let the time continue from the server's time, because an order says that the gateway's time is ahead. The
        order may be old and the time right by now, so it is believed only while the server itself gives an earlier
        time. Returns the events to journal.
        """
        if self._earlier is None:
            return []
        notes = self._set(moment, self._earlier + moment.steady, "an order", strong=False)
        self._journalled = self.now(moment)
        return notes

    def _set(self, moment: Moment, at: int, by: str, strong: bool) -> list[Note]:
        off, unsure = at - self.now(moment), self.unsure
        self._stood, self._agreed = False, None
        self._earlier, self._journalled = None, max(self._journalled, self.now(moment))
        self._anchor = Anchor(self._boot, at, moment.steady, strong)
        self._stepped = abs(moment.now - at) > NEAR
        return [Note(EventKind.CLOCK_SET, f"by {by}, by {_span(off)}")] if unsure or abs(off) > NEAR else []


def _near(passed: int) -> int:
    """Return how far (µs) two clocks may lie apart that agreed `passed` µs ago."""
    return NEAR + passed // DRIFT


def _span(off: int) -> str:
    """Return a difference of clocks in words."""
    for unit, name in ((DAY, "days"), (HOUR, "h")):
        if abs(off) >= 2 * unit:
            return f"{'+' if off > 0 else '-'}{abs(off) // unit} {name}"
    return f"{off // SECOND:+d} s"
