"""Whose turn it is to have a PIN or a code looked at, when somebody guesses. Logic without I/O.

Nobody is locked out by what others do: a try that comes too early gets a turn of its own a little later, and waits for it.
Wrong tries are counted for each door (a flat's PIN, the gateway's codes), and turns are spread by door and by asker, so that
one asker with many threads has one turn among the others'. The more wrong tries a door has seen, the rarer are its turns.

Only so many can wait, because each holds a thread. For whoever finds all places taken a turn is kept, and they are told when to
come back: otherwise the few places would go to those who ask most often.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from ..kernel.units import MINUTE, SECOND


class Pace(NamedTuple):
    """How fast turns come. `wrong`: from how many wrong tries at a door it holds. `asker`, `all`: the time (µs) between
    two turns of one asker, and between any two turns.
    """

    wrong: int
    asker: int
    all: int


PACES = (
    Pace(0, 0, 0),
    Pace(3, 6 * SECOND, 2 * SECOND),
    Pace(100, 20 * SECOND, 10 * SECOND),
    Pace(1000, 60 * SECOND, 20 * SECOND),
)
FORGIVEN = 10 * MINUTE
"""The time (µs) after which one wrong try of a door is forgotten."""
LONGEST = 60 * SECOND
"""How long (µs) a try waits for its turn at most; one that would have to wait longer is refused."""
MOST_OF_ASKER = 3
"""Tries of one asker that wait at a time."""
MOST, MOST_WITH_FIRST = 6, 10
"""Tries that wait at a time, of all doors: each holds a thread. The last places are for askers who wait for nothing yet."""
KEPT_FOR = 60 * SECOND
"""How long (µs) after its instant a kept turn still waits for its asker."""
MOST_KEPT = 500
"""Turns that are kept at a door."""


CODES = "codes"
"""The door of all codes that are typed without a PIN, for any meter of the gateway."""


class Turn(NamedTuple):
    """The answer to an asker: the try is looked at after `wait` µs. If `refused`, it is not looked at, and can be made
    again after that time.
    """

    wait: int
    refused: bool = False


class _Waiting(NamedTuple):
    asker: str
    at: int


class _Door(Struct):
    """`wrong`: wrong tries that are not forgotten, the last one at `counted_at`. `turns`: those of the last minute and of the
    next one. `kept`: the instant of the turn that is kept for an asker.
    """

    wrong: int = 0
    counted_at: int = 0
    turns: list[_Waiting] = []
    kept: dict[str, int] = {}

    def taken(self, asker: str) -> list[_Waiting]:
        """Return the turns that are an asker's or others', but for the one that is kept for this asker."""
        return self.turns + [_Waiting(other, at) for other, at in self.kept.items() if other != asker]


class Turns:
    """The turns of all doors. Instants are µs of a clock that never goes back."""

    def __init__(self) -> None:
        self._doors: dict[str, _Door] = {}

    def take(self, door: str, asker: str, now: int) -> Turn:
        """Return when a try of `asker` at `door` is looked at, or that it is refused. Unless refused, it counts as
        wrong until `was_right`, so that tries at the same time do not count as one.
        """
        self._forget(now)
        waiting = [each for known in self._doors.values() for each in known.turns if each.at > now]
        here = self._doors.setdefault(door, _Door(counted_at=now))
        pace = max(each for each in PACES if each.wrong <= here.wrong)
        own = here.kept.get(asker)
        at = _free_turn(here.taken(asker), asker, pace, now) if own is None else max(own, now)
        if at > now and (_is_full(waiting, asker) or at - now > LONGEST):
            if any(each.asker == asker for each in waiting):
                # This asker has a turn already.
                return Turn(min(each.at for each in waiting) - now, refused=True)
            if own is not None or len(here.kept) < MOST_KEPT:
                here.kept[asker] = at
            return Turn(at - now, refused=True)
        here.kept.pop(asker, None)
        here.turns.append(_Waiting(asker, at))
        here.wrong += 1
        here.counted_at = now
        return Turn(at - now)

    def was_right(self, door: str) -> None:
        """Take back the count of one try: it was no wrong one."""
        if (here := self._doors.get(door)) is not None:
            here.wrong = max(here.wrong - 1, 0)

    def _forget(self, now: int) -> None:
        for name, here in list(self._doors.items()):
            here.turns = [each for each in here.turns if each.at > now - LONGEST]
            here.kept = {asker: at for asker, at in here.kept.items() if at > now - KEPT_FOR}
            forgiven = max(now - here.counted_at, 0) // FORGIVEN
            here.wrong = max(here.wrong - forgiven, 0)
            here.counted_at += forgiven * FORGIVEN
            if not here.wrong and not here.turns and not here.kept:
                del self._doors[name]


def _is_full(waiting: list[_Waiting], asker: str) -> bool:
    """Return whether no further try of an asker can wait."""
    own = sum(each.asker == asker for each in waiting)
    most = MOST if own else MOST_WITH_FIRST
    return own >= MOST_OF_ASKER or len(waiting) >= most


def _free_turn(turns: list[_Waiting], asker: str, pace: Pace, now: int) -> int:
    """Return the first instant (µs) from `now` on that keeps the pace of a door."""
    at = max([now, *(each.at + pace.asker for each in turns if each.asker == asker)])
    for other in sorted(each.at for each in turns):
        if abs(other - at) < pace.all:
            at = other + pace.all
    return at
