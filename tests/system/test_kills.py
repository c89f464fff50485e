"""Any process may be killed at any moment, with nothing lost, doubled or guessed."""

import os
import random
import signal
import threading

import pytest

from tests.system.demonstration import Demonstration, check

SEED = int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
PAUSES = (0.3, 3.0)
"""Seconds between two kills."""


@pytest.mark.parametrize("victim", ["agent", "broker", "headend"])
def test_nothing_is_lost_when_this_process_is_killed_again_and_again(tmp_path, victim):
    """From the building's set-up to its last entry. Each run strikes at other moments; `KILL_SEED` repeats one."""
    print(f"KILL_SEED={SEED}")
    rng = random.Random(SEED)
    demonstration = Demonstration(tmp_path, "--days", 6, "--meters", 10)
    kills = 0
    pause = threading.Event()
    try:
        while demonstration.running():
            pause.wait(rng.uniform(*PAUSES))
            pid = demonstration.pid(victim)
            if pid and demonstration.running():
                try:
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
                except ProcessLookupError:
                    continue
        ended = check(demonstration)
    finally:
        demonstration.stop()
    assert kills > 1
    assert ended.account["restarts"] >= 1
    assert all(meter["difference"] == "0.000000000" for meter in ended.account["meters"])
