"""This module draws from a seed which kinds of faults a run has, how often each comes, and how its world looks.

Some runs have few kinds, some many: faults that hide each other are found only apart, and faults that need each other
only together. The script then lists what happens. Each happening has a name that stays the same if others are left out,
so that a part of a script can be replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from ...kernel.units import DAY, HOUR, MINUTE, SECOND, instant


class Kind(NamedTuple):
    """A kind of happening. `of` says whether it befalls each meter, each gateway, or the world. `mean` is the time
    between two (µs), which the swarm then changes.
    """

    of: str
    mean: int
    words: str


PEOPLE = {
    "pay": Kind("meter", 12 * HOUR, "pays"),
    "act": Kind("meter", 24 * HOUR, "does something on site, or orders it"),
    "tariff": Kind("meter", 60 * HOUR, "gets another tariff"),
    "correct": Kind("meter", 100 * HOUR, "gets a tariff corrected"),
    "move": Kind("meter", 100 * HOUR, "another tenant moves in"),
    "settings": Kind("meter", 48 * HOUR, "gets other settings"),
    "share": Kind("meter", 48 * HOUR, "has a share of what is used in common"),
    "refund": Kind("meter", 72 * HOUR, "a payment is given back"),
    "vendor": Kind("meter", 48 * HOUR, "a code that is no credit"),
    "guess": Kind("meter", 72 * HOUR, "somebody guesses codes"),
    "key": Kind("meter", 90 * HOUR, "codes change its key"),
    "tamper": Kind("meter", 120 * HOUR, "is tampered with"),
}
"""What people do. Payments are in each run."""
TROUBLE = {
    "cut": Kind("gateway", 12 * HOUR, "the network is cut"),
    "power": Kind("gateway", 40 * HOUR, "the gateway loses power"),
    "torn": Kind("gateway", 40 * HOUR, "the gateway loses power in the middle of its next write"),
    "full": Kind("gateway", 60 * HOUR, "the gateway's disk is full"),
    "die": Kind("world", 18 * HOUR, "the head-end dies"),
    "refuse": Kind("world", 36 * HOUR, "the database refuses for a while"),
    "race": Kind("world", 8 * HOUR, "two workers take in the same messages"),
    "silence": Kind("meter", 24 * HOUR, "does not answer"),
    "deaf": Kind("meter", 36 * HOUR, "its switch does not obey"),
    "step": Kind("gateway", 36 * HOUR, "the gateway's clock jumps"),
    "battery": Kind("gateway", 60 * HOUR, "the gateway loses power, and its clock has no battery"),
    "crash": Kind("gateway", 60 * HOUR, "the gateway's program ends, and starts anew"),
    "deceive": Kind("meter", 60 * HOUR, "its switch does not move, and says that it has"),
    "blink": Kind("meter", 30 * HOUR, "its register shows nonsense for a while"),
    "reset": Kind("meter", 96 * HOUR, "its register is set to another value"),
    "still": Kind("meter", 96 * HOUR, "its register stands still for a while"),
    "backwards": Kind("meter", 96 * HOUR, "its register runs backwards for a while"),
    "jitter": Kind("meter", 72 * HOUR, "its register trembles by a digit"),
    "exchange": Kind("meter", 100 * HOUR, "is exchanged for another meter"),
    "setback": Kind("gateway", 100 * HOUR, "a copy of its journal is made, to be put back"),
    "replace": Kind("gateway", 150 * HOUR, "another gateway takes its place"),
    "restore": Kind("world", 150 * HOUR, "a copy of the database is made, to be put back"),
}
"""What goes wrong."""
FLASH = {
    "unsynced": Kind("gateway", 72 * HOUR, "what is written is not on the flash, though it says so"),
    "rot": Kind("gateway", 60 * HOUR, "a bit of the gateway's flash turns, and it loses power"),
}
"""What goes wrong with what is written; drawn with dice of its own."""
IDENTITY = {
    "clone": Kind("gateway", 90 * HOUR, "its card is copied, and two run with one identity"),
}
"""What gives two gateways one identity; drawn with dice of its own."""
OPERATOR = {
    "lead": Kind("gateway", HOUR, "an operator leads journals back that are ahead of the time"),
}
"""What operators do; drawn with dice of its own."""
GRID = {
    "surge": Kind("meter", 40 * HOUR, "its voltage is too high or too low, or one reading of it is nonsense"),
}
"""What goes wrong in the grid; drawn with dice of its own."""
KINDS = PEOPLE | TROUBLE | FLASH | IDENTITY | OPERATOR | GRID
WIRE = ("loss", "repeat", "delay", "alter", "forge", "dying")
"""What goes wrong with single messages."""

SPECIAL = (
    (2023, 10, 26), (2024, 3, 28), (2023, 12, 28), (2024, 2, 26), (2023, 11, 2), (2024, 3, 7), (2023, 9, 29),
    (2024, 4, 4), (2024, 1, 28), (2023, 11, 14),
)  # fmt: skip
"""Days from which a week has a change of the clocks, the end of a month, of a year, a leap day, or nothing."""
ZONES = (
    "Europe/Berlin", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu",
)  # fmt: skip


class Happening(NamedTuple):
    """The happening with this `number` of its kind that befalls `who`."""

    at: int
    kind: str
    who: str
    number: int

    @property
    def name(self) -> str:
        """Return its name, by which it can be replayed."""
        return f"{self.kind}.{self.who}.{self.number}"


@dataclass(frozen=True, slots=True)
class Swarm:
    """The shape of one run. `means` are the µs between two happenings of each kind; a kind that is not in it does not
    happen.

    `copying`: the head-end keeps accounts as bytes between two messages, as after a start; else in memory, as it does
    while it runs. `real_keys`: messages are signed with Ed25519. `real_disk`: the gateways' journals are the product's
    own, in files.
    """

    seed: int
    begin: int
    zone: str
    means: dict[str, int]
    loss: float = 0.0
    repeat: float = 0.0
    delay_longest: int = SECOND
    alter: float = 0.0
    forge: float = 0.0
    dying: float = 0.0
    """Chance that the head-end dies with a message in its hands."""
    real_keys: bool = False
    copying: bool = False
    real_disk: bool = False
    gateways: int = 1
    reading_interval: int = 15 * MINUTE
    heartbeat: int = 600 * SECOND
    snapshot_every: int = 200
    drift: int = 0
    """Parts per million by which the gateways' quartz is fast."""
    without: frozenset[str] = field(default_factory=frozenset)
    everything: bool = False
    """All kinds happen, at their usual rates."""


def draw(seed: int, without: Iterable[str] = (), everything: bool = False) -> Swarm:
    """Return the swarm of a seed, without the kinds that are left out. `everything`: all kinds, at their usual rates."""
    rng, flash = Random(f"{seed}/swarm"), Random(f"{seed}/write")
    others = dict.fromkeys(FLASH, flash)
    for kinds, what in ((IDENTITY, "identity"), (OPERATOR, "operator"), (GRID, "grid")):
        others |= dict.fromkeys(kinds, Random(f"{seed}/{what}"))
    left_out = frozenset(without)
    share = rng.choice((0.15, 0.4, 0.7, 1.0))
    means = _means(rng, others, share, everything)
    has_wire = {each: everything or rng.random() < share for each in WIRE}
    begin = instant(datetime(*rng.choice(SPECIAL), rng.randrange(24), rng.randrange(60), rng.randrange(60), tzinfo=UTC))
    for each in left_out:
        means.pop(each, None)
        has_wire[each] = False

    def rate(kind: str, *choices: float) -> float:
        drawn = rng.choice(choices)
        return drawn if has_wire[kind] else 0.0

    return Swarm(
        seed=seed,
        begin=begin,
        zone=rng.choice(ZONES),
        means=means,
        loss=rate("loss", 0.02, 0.05, 0.2),
        repeat=rate("repeat", 0.02, 0.05, 0.2),
        delay_longest=int(rate("delay", 5, 20, 20)) * SECOND or SECOND,
        alter=rate("alter", 0.01, 0.03),
        forge=rate("forge", 0.01, 0.03),
        dying=rate("dying", 0.002, 0.01),
        real_keys=rng.random() < 0.07,
        copying=rng.random() < 0.15,
        real_disk=flash.random() < 0.2,
        gateways=rng.choice((1, 1, 2)),
        reading_interval=rng.choice((15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 60 * MINUTE)),
        heartbeat=rng.choice((600, 1800, 1800)) * SECOND,
        snapshot_every=rng.choice((8, 30, 100)),
        drift=rng.choice((0, 0, 20, -20, 100)),
        without=left_out,
        everything=everything,
    )


def _means(rng: Random, others: dict[str, Random], share: float, everything: bool) -> dict[str, int]:
    """Draw the kinds of a run, about a `share` of them, and the time (µs) between two happenings of each. The kinds in
    `others` have dice of their own.
    """
    means = {}
    for kind, (_, mean, _) in KINDS.items():
        dice = others.get(kind, rng)
        has, pace = dice.random() < share, dice.choice((0.5, 1.0, 1.0, 2.0))
        if everything or has or kind == "pay":
            means[kind] = mean if everything else int(mean * pace)
    return means


def script(swarm: Swarm, days: int, meters: Iterable[str], gateways: Iterable[str]) -> list[Happening]:
    """Return all that is to happen, in order. With fewer days or meters, the rest stays the same."""
    happenings: list[Happening] = []
    whos = {"meter": list(meters), "gateway": list(gateways), "world": ["all"]}
    for kind, mean in swarm.means.items():
        for who in whos[KINDS[kind].of]:
            happenings += _drawn(swarm, kind, mean, who, swarm.begin + days * DAY)
    return sorted(happenings)


def _drawn(swarm: Swarm, kind: str, mean: int, who: str, end: int) -> Iterator[Happening]:
    rng = Random(f"{swarm.seed}/{kind}/{who}")
    number, at = 0, swarm.begin
    while (at := at + int(rng.expovariate(1 / mean)) + SECOND) < end:
        number += 1
        yield Happening(at, kind, who, number)
