"""The fault simulator: 200 seeds of a simulated week hold, and each planted bug is found."""

import pytest

from prewatt.sim.bugs import BUGS
from prewatt.sim.faults import Broken, World

SEEDS = range(200)
AT_A_TIME = 10


@pytest.mark.parametrize("first", SEEDS[::AT_A_TIME])
def test_a_week_of_faults_loses_nothing(first):
    typed = 0
    for seed in range(first, first + AT_A_TIME):
        world = World(seed).run()
        assert world.steps > 1000
        assert world.paid
        typed += world.typed
    assert typed > AT_A_TIME


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug):
    """Within ten seeds, and the message says how to see it again."""
    with BUGS[bug](), pytest.raises(Broken, match=r"Replay: prewatt sim --seed \d+ --days 7 --meters 3"):
        for seed in range(10):
            World(seed).run()


def test_a_seed_replays_to_the_same_world():
    first, second = World(3, days=2).run(), World(3, days=2).run()
    assert (first.steps, first.store, first.books) == (second.steps, second.store, second.books)


def test_what_is_to_happen_does_happen():
    """The faults are there: entries torn, head-ends dead, networks cut."""
    seen = {"torn": 0, "deaths": 0, "cuts": 0}
    for seed in range(3):
        world = World(seed)
        write, dies, cut = world._write, world._headend_dies, world._partition

        def count(name, original):
            def counted(*arguments):
                seen[name] += 1
                return original(*arguments)

            return counted

        def torn_write(records, world=world, write=write):
            seen["torn"] += world.power_fails_in_write
            return write(records)

        world._write, world._headend_dies, world._partition = torn_write, count("deaths", dies), count("cuts", cut)
        world.run()
    assert min(seen.values()) > 4
