"""Any process may be killed at any moment, with nothing lost, doubled or guessed."""

import os
import random

import pytest

from tests.system.demonstration import RESTARTED, Demonstration, check
from tests.system.killing import STARTING, Killer

SEED = int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
LONGEST = 1_000
"""Steps between two kills at most: each is an entry, or a quarter of an hour of one of the ten meters."""


@pytest.mark.parametrize("victim", ["agent", "broker", "headend"])
def test_nothing_is_lost_when_this_process_is_killed_again_and_again(tmp_path, victim):
    """From the building's set-up to its last entry. Each run kills at other moments; `KILL_SEED` repeats one."""
    print(f"KILL_SEED={SEED}")
    demonstration = Demonstration(tmp_path, "--days", 6, "--meters", 10, program=RESTARTED)
    killer = Killer(demonstration.home, (victim,), random.Random(SEED), LONGEST, STARTING)
    try:
        killer.kill_while(demonstration.running, from_the_set_up=True)
        ended = check(demonstration)
    finally:
        demonstration.stop()
    print(f"{killer.kills} kills, {ended.account['restarts']} restarts")
    assert ended.account["restarts"] > 7
    assert all(meter["difference"] == "0.000000000" for meter in ended.account["meters"])
