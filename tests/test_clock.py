"""The accelerated clock that the processes of a demonstration share."""

import multiprocessing
from pathlib import Path

from prewatt.clock import SharedClock

START = 1_379_572_200_000_000
STEPS = 200_000


def run_on(path: Path) -> None:
    clock = SharedClock(path)
    for instant in range(START, START + STEPS):
        clock.open_road(instant)
        clock.until(instant)


def test_who_reads_the_shared_clock_while_it_is_moved_never_sees_half_of_a_change(tmp_path):
    path = tmp_path / "clock"
    clock = SharedClock(path, START)
    other = multiprocessing.get_context("spawn").Process(target=run_on, args=(path,))
    other.start()
    seen = {START}
    while other.is_alive():
        seen.update(clock.now() for _ in range(1000))
    other.join()
    assert other.exitcode == 0
    assert (min(seen), max(seen)) == (START, START + STEPS - 1)
    assert len(seen) > 2, "the two processes never ran at the same time"
