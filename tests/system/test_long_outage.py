"""Two weeks without a network, and everything that people can do meanwhile: in the end every difference is zero, and each
credit is applied once, by whatever carrier; also if processes are killed all along.
"""

import json
import random
import subprocess
import sys

import pytest

from tests.system.demonstration import LONGEST, ROOT
from tests.system.killing import Killer

LONGEST_STEPS = 5_000
"""Between two kills at most: each is an entry, or a quarter of an hour of one of the twelve meters."""


def played(folder, killed):
    """What came of the story, and how often the agent or the head-end was killed."""
    with (folder / "said").open("w") as said, (folder / "errors").open("w") as errors:
        story = subprocess.Popen(
            [sys.executable, "-m", "tests.system.long_outage", folder / "home"], cwd=ROOT, stdout=said, stderr=errors
        )
    killer = Killer(folder / "home", ("agent", "agent", "headend"), random.Random(7), LONGEST_STEPS)
    try:
        if killed:
            killer.kill_while(lambda: story.poll() is None)
        assert story.wait(LONGEST) == 0, (folder / "errors").read_text()
    finally:
        story.kill()
    return json.loads((folder / "said").read_text()), killer.kills


@pytest.mark.parametrize("killed", [False, True], ids=["in peace", "killed all along"])
def test_two_weeks_without_a_network_end_with_no_difference(tmp_path, killed):
    (tmp_path / "home").mkdir()
    found, kills = played(tmp_path, killed)
    assert kills > 10 or not killed
    assert found["failures"] == []
    assert found["differences"] == ["0.000000000"]
    kinds = found["kinds"]
    # All of it did happen in the outage.
    assert found["typed"] > 0 and kinds["code"] == kinds["recognised"] == found["typed"]
    assert kinds["on-site emergency"] >= found["emergencies"] > 0
    assert found["staff"] and all(text.startswith("Done") for text in found["staff"])
    assert kinds.get("on-site restore", 0) + kinds.get("on-site open", 0) > 0
    assert found["orders"] == ["done"] and kinds["controlled"] >= 2
    # The first tariff and the one that was scheduled in the outage, at each of the meters.
    assert kinds["tariff"] == 2 * 12
    inside = [each for each in found["top_ups"] if found["outage"]["begin"] <= each["paid_at"] < found["outage"]["end"]]
    assert {each["applied_times"] for each in found["top_ups"]} == {1}
    assert {each["way"] for each in inside} == {"code", "command"}
    assert all((each["applied_at"] < found["outage"]["end"]) == (each["way"] == "code") for each in inside)
