"""Whose turn it is to have a PIN or a code looked at, when somebody guesses. Logic without I/O.

Nobody is locked out by what others do: a try that comes too early gets a turn of its own a little later, and waits for it.
Wrong tries are counted for each door (a flat's PIN, the gateway's codes), and turns are spread by door and by asker, so that
one asker with many threads has one turn among the others'. The more wrong tries a door has seen, the rarer are its turns.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from ..kernel.units import MINUTE, SECOND


class Pace(NamedTuple):
    """From how many wrong tries at a door on it holds; the time (µs) between two turns of one asker, and of all together."""

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


class Turn(NamedTuple):
    """The answer to who asks for a turn: the try is looked at after `wait` µs; if `refused`, it is not, and can be made
    again after that time.
    """

    wait: int
    refused: bool = False


class _Waiting(NamedTuple):
    asker: str
    at: int


class _Door(Struct):
    """`wrong`: wrong tries that are not forgotten, the last one at `counted_at`. `turns`: those of the last minute and of the
    next one.
    """

    wrong: int = 0
    counted_at: int = 0
    turns: list[_Waiting] = []


class Turns:
    """The turns of all doors. Instants are µs of a clock that never goes back."""

    def __init__(self) -> None:
        self._doors: dict[str, _Door] = {}

    def take(self, door: str, asker: str, now: int) -> Turn:
        """Return when a try of `asker` at `door` is looked at. It counts as wrong until `was_right`, so that tries at the
        same time do not count as one.
        """
        self._forget(now)
        waiting = [each for known in self._doors.values() for each in known.turns if each.at > now]
        kept = self._doors.setdefault(door, _Door(counted_at=now))
        pace = max(each for each in PACES if each.wrong <= kept.wrong)
        at = _free_turn(kept.turns, asker, pace, now)
        if at > now:
            if _is_full(waiting, asker):
                return Turn(min(each.at for each in waiting) - now, refused=True)
            if at - now > LONGEST:
                return Turn(at - now, refused=True)
        kept.turns.append(_Waiting(asker, at))
        kept.wrong += 1
        kept.counted_at = now
        return Turn(at - now)

    def was_right(self, door: str) -> None:
        """Take back the count of one try: it was no wrong one."""
        if (kept := self._doors.get(door)) is not None:
            kept.wrong = max(kept.wrong - 1, 0)

    def _forget(self, now: int) -> None:
        for name, kept in list(self._doors.items()):
            kept.turns = [each for each in kept.turns if each.at > now - LONGEST]
            forgiven = max(now - kept.counted_at, 0) // FORGIVEN
            kept.wrong = max(kept.wrong - forgiven, 0)
            kept.counted_at += forgiven * FORGIVEN
            if not kept.wrong and not kept.turns:
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
