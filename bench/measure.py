"""Timing, and a line of the result."""

from __future__ import annotations

import time
from collections.abc import Callable

RUNS = 3


def best(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Seconds of the fastest of a few runs, each after `before`: what the machine can do when nothing else disturbs it."""
    times = []
    for _ in range(RUNS):
        before()
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def show(what: str, per_second: float, limit_name: str, limit: float) -> None:
    """One figure, its limit, and how near it comes."""
    print(f"{what:<42} {per_second:>12,.0f}/s   limit: {limit_name} {limit:>12,.0f}/s   {per_second / limit:>6.1%}")
