"""This module shrinks a failing seed to the shortest story that still fails: fewer days and meters, fewer kinds of
faults, fewer happenings. It prints the story for people, with the command that shows it again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from ...kernel.entries import AnyEntry, Reading
from ...kernel.units import DAY, exact_kwh, exact_money
from .oracle import Broken
from .swarm import WIRE, draw, script
from .world import World

MOST = 300
"""The most runs that a shrinking may take."""
READINGS = 4
"""Readings of each meter at the end of the story; those before tell little."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a seed's story."""

    seed: int
    days: int
    meters: int
    only: tuple[str, ...]
    without: frozenset[str]
    everything: bool = False

    def world(self) -> World:
        """Return the world of this part."""
        swarm = draw(self.seed, self.without, self.everything)
        return World(self.seed, self.days, self.meters, self.only, swarm=swarm)


@dataclass(frozen=True, slots=True)
class Shortest:
    """The shortest story that was found, its end, and the number of runs that this took."""

    cut: Cut
    broken: Broken
    story: str
    runs: int


class _Search:
    """Runs parts of a story, at most `MOST`, and asks of each whether it fails in the same way."""

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self.runs = 0

    def fails(self, cut: Cut) -> Broken | None:
        """Return the failure of a part of the story if it is the same one, else None; None also after `MOST` runs."""
        if self.runs >= MOST:
            return None
        self.runs += 1
        try:
            cut.world().run()
        except Broken as broken:
            return broken if _shape(broken) == self._shape else None
        return None


def _shape(broken: Broken) -> str:
    """Return the words of a failure without names and numbers, which are the same in two stories of the same fault."""
    return re.sub(r"\b[mg]\d+\b|[\d.:-]+", "#", broken.what)[:60]


def shrunk(seed: int, days: int, meters: int, without: Iterable[str] = (), everything: bool = False) -> Shortest:
    """Return the shortest story of a failing seed, with all kinds of faults if `everything`. Raises ValueError if the
    seed does not fail.
    """
    swarm = draw(seed, without, everything)
    names = [f"m{number}" for number in range(1, meters + 1)]
    drawn = script(swarm, days, names, [f"g{number}" for number in range(1, min(swarm.gateways, meters) + 1)])
    cut = Cut(seed, days, meters, tuple(each.name for each in drawn), frozenset(without), everything)
    try:
        cut.world().run()
    except Broken as broken:
        first = broken
    else:
        raise ValueError(f"seed {seed} holds: there is nothing to shrink")
    search = _Search(_shape(first))
    failure = first
    while search.runs < MOST:
        for each in _smaller(cut):
            failed = search.fails(each)
            if failed is not None:
                cut, failure = each, failed
                break
        else:
            break
    return Shortest(cut, failure, story(cut), search.runs)


def _smaller(cut: Cut) -> Iterator[Cut]:
    """Yield smaller parts to try instead of a story, the smallest first."""
    yield from _shorter(cut)
    yield from _with_fewer_meters(cut)
    for kind in WIRE:
        if kind not in cut.without:
            yield replace(cut, without=cut.without | {kind})
    for piece in _pieces(cut.only):
        yield replace(cut, only=tuple(each for each in cut.only if each not in piece))


def _shorter(cut: Cut) -> Iterator[Cut]:
    for days in sorted({1, cut.days // 2, cut.days - 1} - {0, cut.days}):
        if days < cut.days:
            yield replace(cut, days=days)


def _with_fewer_meters(cut: Cut) -> Iterator[Cut]:
    for meters in range(1, cut.meters):
        kept = {f"m{number}" for number in range(1, meters + 1)} | {"all", "g1", "g2"}
        yield replace(cut, meters=meters, only=tuple(each for each in cut.only if each.split(".")[1] in kept))


def _pieces(names: tuple[str, ...]) -> Iterator[Collection[str]]:
    """Yield parts to leave out: halves, quarters, and so on to single ones."""
    if not names:
        return
    for power in count():
        size = max(len(names) >> power, 1)
        for first in range(0, len(names), size):
            yield frozenset(names[first : first + size])
        if size == 1:
            return


def story(cut: Cut) -> str:
    """Return what happens as text for people, a line for each happening."""
    world = cut.world()
    world.timeline = []
    end = ""
    try:
        world.run()
    except Broken as broken:
        end = broken.what
    zone = ZoneInfo(world.swarm.zone)
    left: dict[str, int] = {}
    lines: list[str] = []
    for at, who, what in reversed(world.timeline):
        if isinstance(what, Reading):
            left[who] = left.get(who, 0) + 1
            if left[who] > READINGS:
                continue
        day = (at - world.swarm.begin) // DAY + 1
        clock = datetime.fromtimestamp(at // 10**6, zone).strftime("%a %d %b %H:%M:%S")
        lines.append(f"day {day}  {clock}  {who:<4} {_words(what)}")
    lines.reverse()
    return "\n".join([*lines, f"and so: {end}", f"Replay: {world.replay()}"])


def _words(what: AnyEntry | str) -> str:
    if isinstance(what, str):
        return what
    kind = str(what.__struct_config__.tag)
    said = {
        "reading": lambda: (
            f"{exact_kwh(getattr(what, 'register', 0))} kWh, charged {exact_money(getattr(what, 'charge', 0))}"
        ),
        "relay": lambda: (
            f"told to {'close' if getattr(what, 'closed', None) else 'open'}: {getattr(what, 'reason', '')}"
        ),
        "event": lambda: f"{getattr(what, 'code', '')} {getattr(what, 'detail', '')}".strip(),
        "controlled": lambda: str(getattr(what, "action", "")),
        "on-site": lambda: str(getattr(what, "action", "")),
        "refused": lambda: str(getattr(what, "reason", "")),
    }
    amount = getattr(what, "amount", None)
    more = said[kind]() if kind in said else "" if amount is None else exact_money(amount)
    return f"[{what.seq}] {kind} {more}".rstrip() + f"; balance {exact_money(what.balance)}"
