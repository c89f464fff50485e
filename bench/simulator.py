"""The fault simulator: simulated days of a meter an hour of one core, what they are spent on, and how many seeds it takes
to find each planted bug. `python -m bench.simulator`.
"""

from __future__ import annotations

import cProfile
import pstats
import time
from pathlib import Path
from statistics import median

from prewatt.sim.bugs import BUGS
from prewatt.sim.faults import Broken, World
from prewatt.sim.faults.swarm import draw

SEEDS, DAYS, METERS = 20, 7, 3
GOAL, TARGET = 200_000, 1_000_000
BUDGET = 25
STARTS = (0, 1000, 2000)
"""Each bug is searched for from these seeds on."""
PARTS = {
    "the journal's file": ("edge/journal", "edge/shelf", "edge/pack", "faults/disk", "sqlite3"),
    "signatures": ("sign", "verify", "verifies"),
    "copying (dump, load)": ("snapshot.py",),
    "chain and bytes": ("sha256", "encode", "decode"),
    "rating": ("rating.py", "tariff.py", "calendar.py", "zoneinfo"),
    "the rest of the rules": ("kernel/", "edge/", "headend/", "wire/"),
    "oracle": ("book.py", "oracle.py", "prices.py", "faults/supply.py"),
    "the virtual world": ("sim/faults/",),
}
"""Where time goes, by the names of functions and files; the first that fits counts."""


def speed(everything: bool) -> float:
    """Simulated days of a meter an hour of one core."""
    began = time.process_time()
    for seed in range(SEEDS):
        World(seed, DAYS, METERS, swarm=draw(seed, everything=everything)).run()
    return SEEDS * DAYS * METERS / (time.process_time() - began) * 3600


def profile() -> dict[str, float]:
    """The share of each part."""
    profiler = cProfile.Profile()
    profiler.enable()
    for seed in range(3):
        World(seed, DAYS, METERS).run()
    profiler.disable()
    shares = dict.fromkeys([*PARTS, "Python's own"], 0.0)
    for (file, _, function), (_, _, spent, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        where = f"{Path(file).as_posix()} {function}"
        part = next((name for name, words in PARTS.items() if any(word in where for word in words)), "Python's own")
        shares[part] += spent
    whole = sum(shares.values())
    return {name: spent / whole for name, spent in shares.items()}


def seeds_to_find(bug: str, first: int) -> int | None:
    """How many seeds it takes from a first one on; None if more than the budget."""
    with BUGS[bug]():
        for count in range(1, BUDGET + 1):
            try:
                World(first + count - 1, DAYS, METERS).run()
            except Broken:
                return count
    return None


def main() -> None:
    for what, everything in (("as seeds draw them", False), ("all kinds of faults", True)):
        reached = speed(everything)
        print(
            f"{'simulator: ' + what:<42} {reached:>12,.0f} meter-days/h of processor time   goal: {GOAL:>9,} {reached / GOAL:>6.1%}   "
            f"target: {TARGET:>9,} {reached / TARGET:>6.1%}"
        )
    print("simulator: " + ", ".join(f"{name} {share:.0%}" for name, share in profile().items()))
    missed = []
    for bug in BUGS:
        found = [seeds_to_find(bug, first) or BUDGET + 1 for first in STARTS]
        print(f"{'simulator: seeds to ' + bug:<60} {median(found):>4}   of at most {BUDGET}: {found}", flush=True)
        if median(found) > BUDGET:
            missed.append(bug)
    print(f"simulator: {len(BUGS) - len(missed)} of {len(BUGS)} planted bugs found; not: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
